//! The HTTP/1 inspector: it never panics, its result does not depend on how the input is cut, and httparse, a
//! parser that others use, reads every head that passes in the same way.

#![no_main]
#![allow(dead_code, unused_imports)]

use libfuzzer_sys::fuzz_target;

// The path makes those inside it start from this file's folder.
#[path = "."]
mod http1 {
    #[path = "../../servers/kestrel/src/http1/inspect/mod.rs"]
    pub(crate) mod inspect;
    #[path = "../../servers/kestrel/src/http1/target.rs"]
    pub(crate) mod target;
}

use http1::inspect::{Fields, Head, Inspector, Limits, Rejection, Step};

/// All that became of an input.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    heads: Vec<String>,
    bodies: Vec<u8>,
    data: Vec<u8>,
    trailers: Vec<Vec<u8>>,
    skipped: usize,
    rejection: Option<Rejection>,
    at_end: Option<Rejection>,
}

fn run<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Outcome {
    // Small limits, so that small inputs reach them.
    let limits = Limits { max_request_line: 128, max_headers_total: 512, max_header_count: 10 };
    let mut inspector = Inspector::new(limits);
    let mut outcome = Outcome::default();
    let mut pending = Vec::new();
    for piece in pieces {
        pending.extend_from_slice(piece);
        loop {
            assert!(inspector.data_left() == 0 || inspector.in_body());
            let used = match inspector.inspect(&pending) {
                Step::NeedMore => break,
                Step::Skip(len) => {
                    outcome.skipped += len;
                    len
                }
                Step::Head(head) => {
                    check(&head, &pending);
                    let len = head.len;
                    outcome.heads.push(format!("{head:?} {}", String::from_utf8_lossy(&pending[..len])));
                    len
                }
                Step::Body { framing, data, end } => {
                    assert_eq!(end, !inspector.in_body());
                    let len = framing + data;
                    outcome.bodies.extend_from_slice(&pending[..len]);
                    outcome.data.extend_from_slice(&pending[framing..len]);
                    if end {
                        outcome.trailers.push(inspector.take_trailers());
                    }
                    len
                }
                Step::Reject(rejection) => {
                    outcome.rejection = Some(rejection);
                    outcome.at_end = inspector.end_of_input(true);
                    return outcome;
                }
            };
            assert!(used > 0);
            pending.drain(..used);
        }
    }
    outcome.at_end = inspector.end_of_input(!pending.is_empty());
    outcome
}

/// Others have to read the head in the same way.
fn check(head: &Head, input: &[u8]) {
    let mut fields = [httparse::EMPTY_HEADER; 16];
    let mut request = httparse::Request::new(&mut fields);
    let parsed = request.parse(&input[..head.len]).expect("httparse accepts the head");
    assert_eq!(parsed, httparse::Status::Complete(head.len));
    assert_eq!(request.method.map(str::as_bytes), Some(head.method(input)));
    assert_eq!(request.path.map(str::as_bytes), Some(head.target(input)));
    let ours: Vec<_> = Fields::of(head.fields(input)).collect();
    let theirs: Vec<_> = request.headers.iter().map(|field| (field.name.as_bytes(), field.value)).collect();
    assert_eq!(ours, theirs);
    let method = http::Method::from_bytes(head.method(input)).expect("a method");
    let target = std::str::from_utf8(head.target(input)).expect("targets are ASCII");
    let parts = falconry_features::RequestTarget::new(&method, target);
    let _ = falconry_features::decode_path(parts.path, &mut String::new());
}

fuzz_target!(|data: &[u8]| {
    let Some((cut, input)) = data.split_first() else { return };
    let whole = run(std::iter::once(input));
    assert_eq!(whole, run(input.chunks(1)));
    let at = usize::from(*cut).min(input.len());
    assert_eq!(whole, run([&input[..at], &input[at..]].into_iter()));
});
