//! The HTTP/1 inspector: it never panics, its result does not depend on how the input is cut, and httparse,
//! which hyper uses, reads every head that passes in the same way.

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

use http1::inspect::{Head, Inspector, Limits, Rejection, Step};

/// All that became of an input.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    heads: Vec<String>,
    bodies: Vec<u8>,
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
            assert!(inspector.pass_through() == 0 || inspector.in_body());
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
                Step::Body { len, end } => {
                    assert_eq!(end, !inspector.in_body());
                    outcome.bodies.extend_from_slice(&pending[..len]);
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

/// hyper has to be able to read the head that it is given.
fn check(head: &Head, input: &[u8]) {
    let bytes = head.rewritten.as_deref().unwrap_or(&input[..head.len]);
    let mut fields = [httparse::EMPTY_HEADER; 16];
    let mut request = httparse::Request::new(&mut fields);
    let parsed = request.parse(bytes).expect("httparse accepts the head");
    assert_eq!(parsed, httparse::Status::Complete(bytes.len()));
    let target = request.path.expect("a complete head has a target");
    let uri: http::Uri = target.parse().expect("http::Uri accepts the target");
    if head.raw_target.is_none() {
        assert_eq!(uri.to_string(), target);
    }
    let raw = head.raw_target.as_deref().unwrap_or(target.as_bytes());
    let method = http::Method::from_bytes(request.method.unwrap_or_default().as_bytes()).expect("a method");
    let raw = std::str::from_utf8(raw).expect("targets are ASCII");
    let parts = http1::target::split_target(&method, raw);
    let _ = http1::target::decode_path(parts.path, &mut String::new());
}

fuzz_target!(|data: &[u8]| {
    let Some((cut, input)) = data.split_first() else { return };
    let whole = run(std::iter::once(input));
    assert_eq!(whole, run(input.chunks(1)));
    let at = usize::from(*cut).min(input.len());
    assert_eq!(whole, run([&input[..at], &input[at..]].into_iter()));
});
