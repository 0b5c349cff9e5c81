//! Tests of the inspector: each rule, the corpus, and that the result does not depend on packet boundaries.

mod corpus;
mod fields;
mod framing;
mod request_line;

use super::{BodyFraming, Head, Inspector, Limits, Rejection, Step};
use crate::http1::fields::read_fields;

/// The limits of a server that nobody configured.
pub(super) const LIMITS: Limits =
    Limits { max_request_line: 8192, max_headers_total: 32768, max_header_count: 100 };

/// All that became of some input.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Each head as the application would see it, with everything else that is known of it.
    pub(super) heads: Vec<SeenHead>,
    /// Each body, framing included; None where a head has none.
    pub(super) bodies: Vec<Vec<u8>>,
    /// The data in each body.
    pub(super) data: Vec<Vec<u8>>,
    /// The trailer section of each body that has ended.
    pub(super) trailers: Vec<String>,
    /// How many of the messages have ended.
    pub(super) complete: usize,
    pub(super) skipped: usize,
    pub(super) rejection: Option<Rejection>,
    /// What the end of the connection means after all this.
    pub(super) at_end: Option<Rejection>,
}

/// A head as the application would see it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SeenHead {
    pub(super) method: String,
    pub(super) target: String,
    /// One line each, names in small letters.
    pub(super) fields: String,
    pub(super) body: BodyFraming,
    pub(super) may_upgrade: bool,
    pub(super) close: bool,
}

/// Runs a new inspector over the pieces of a connection's input.
pub(super) fn run<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    run_with(Inspector::new(LIMITS), pieces)
}

pub(super) fn run_with<'a>(mut inspector: Inspector, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut pending = Vec::new();
    'pieces: for piece in pieces {
        pending.extend_from_slice(piece);
        loop {
            let used = match inspector.inspect(&pending) {
                Step::NeedMore => break,
                Step::Skip(len) => {
                    outcome.skipped += len;
                    len
                }
                Step::Head(head) => {
                    outcome.bodies.push(Vec::new());
                    outcome.data.push(Vec::new());
                    let len = head.len;
                    outcome.complete += usize::from(head.body == BodyFraming::None);
                    outcome.heads.push(seen(head, &pending));
                    len
                }
                Step::Body { framing, data, end } => {
                    assert_eq!(end, !inspector.in_body(), "the end of a body is told");
                    outcome.complete += usize::from(end);
                    outcome.data.last_mut().unwrap().extend_from_slice(&pending[framing..framing + data]);
                    if end {
                        outcome.trailers.push(String::from_utf8_lossy(&inspector.take_trailers()).into());
                    }
                    let len = framing + data;
                    outcome.bodies.last_mut().unwrap().extend_from_slice(&pending[..len]);
                    len
                }
                Step::Reject(rejection) => {
                    outcome.rejection = Some(rejection);
                    break 'pieces;
                }
            };
            assert!(used > 0, "progress");
            pending.drain(..used);
        }
    }
    outcome.at_end = inspector.end_of_input(!pending.is_empty());
    outcome
}

fn seen(head: Head, input: &[u8]) -> SeenHead {
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let mut fields = http::HeaderMap::new();
    read_fields(&head, input, &mut fields).unwrap();
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
    };
    SeenHead {
        method: text(head.method(input)),
        target: text(head.target(input)),
        fields: fields.iter().map(line).collect(),
        body: head.body,
        may_upgrade: head.may_upgrade,
        close: head.close,
    }
}

/// The outcome of a whole input, which is the same however it is cut.
pub(super) fn inspect(input: &[u8]) -> Outcome {
    let whole = run([input]);
    assert_eq!(run(input.chunks(1)), whole, "octet by octet");
    if input.len() < 3000 {
        for at in 0..=input.len() {
            let (first, second) = input.split_at(at);
            assert_eq!(run([first, second]), whole, "cut at {at}");
        }
    }
    whole
}

/// The rejection of an input.
pub(super) fn rejection(input: impl AsRef<[u8]>) -> Option<Rejection> {
    inspect(input.as_ref()).rejection
}

/// The only head of an input that is in order.
pub(super) fn head(input: impl AsRef<[u8]>) -> SeenHead {
    let mut outcome = inspect(input.as_ref());
    assert_eq!(outcome.rejection, None);
    assert_eq!(outcome.heads.len(), 1);
    outcome.heads.remove(0)
}
