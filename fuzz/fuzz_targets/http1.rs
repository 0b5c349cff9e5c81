//! HTTP/1 for servers of one's own: it never panics, its result does not depend on how the input is cut, and Kestrel's
//! inspector, which was written apart from it, takes the same requests and refuses the same.

#![no_main]
#![allow(dead_code, unused_imports)]

use std::iter::once;

use falconry_features::http1::RequestLimits;
use libfuzzer_sys::fuzz_target;

#[path = "../../features/tests/http1/outcome.rs"]
mod outcome;
// The path makes those inside it start from this file's folder.
#[path = "."]
mod http1 {
    #[path = "../../servers/kestrel/src/http1/inspect/mod.rs"]
    pub(crate) mod inspect;
    #[path = "../../servers/kestrel/src/http1/target.rs"]
    pub(crate) mod target;
}

use http1::inspect::{Inspector, Limits, Step};
use outcome::{LIMITS, Outcome, read};

/// What Kestrel takes up to a request that closes the connection.
#[derive(Debug, Default)]
struct Kestrel {
    bodies: Vec<Vec<u8>>,
    closes: bool,
    is_refused: bool,
}

fn kestrel(mut input: &[u8]) -> Kestrel {
    let mut inspector = Inspector::new(Limits {
        max_request_line: LIMITS.max_request_line_size,
        max_headers_total: LIMITS.max_fields_size,
        max_header_count: LIMITS.max_field_count,
    });
    let mut taken = Kestrel::default();
    loop {
        let used = match inspector.inspect(input) {
            Step::NeedMore => return taken,
            Step::Skip(_) if taken.closes => return taken,
            Step::Skip(len) => len,
            Step::Head(head) => {
                taken.bodies.push(Vec::new());
                taken.closes = head.close;
                head.len
            }
            Step::Body { framing, data, .. } => {
                if let Some(body) = taken.bodies.last_mut() {
                    body.extend_from_slice(&input[framing..framing + data]);
                }
                framing + data
            }
            Step::Reject(_) => {
                taken.is_refused = true;
                return taken;
            }
        };
        input = &input[used..];
    }
}

fn compare(whole: &Outcome, input: &[u8]) {
    // The target's path is decoded here; Kestrel does that elsewhere. And it waits for more of what may be TLS.
    if input.windows(3).any(|three| three == b"%00") || input.ends_with(&[0x16]) {
        return;
    }
    let theirs = kestrel(input);
    let closing = whole.requests.iter().position(|request| !request.keep_alive);
    let ours = &whole.requests[..closing.map_or(whole.requests.len(), |at| at + 1)];
    let bodies: Vec<_> = ours.iter().map(|request| &request.body).collect();
    assert_eq!(bodies, theirs.bodies.iter().collect::<Vec<_>>(), "{:?}", String::from_utf8_lossy(input));
    assert_eq!(closing.is_some(), theirs.closes);
    if closing.is_none() {
        // Kestrel looks at every octet, this at whole lines: it may not have seen the end of the bad one.
        assert!(theirs.is_refused || whole.refusal.is_none(), "{whole:?}");
        assert!(!theirs.is_refused || whole.at_end.is_some(), "{whole:?}");
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((cut, input)) = data.split_first() else { return };
    let whole = read(LIMITS, once(input));
    assert_eq!(whole, read(LIMITS, input.chunks(1)));
    let at = usize::from(*cut).min(input.len());
    assert_eq!(whole, read(LIMITS, [&input[..at], &input[at..]].into_iter()));
    // Kestrel limits the extensions of a whole body.
    let limits = RequestLimits { max_chunk_line_size: 15_000, ..LIMITS };
    compare(&read(limits, once(input)), input);
});
