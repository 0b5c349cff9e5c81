//! The name of a request in logs and traces.

use std::{
    sync::{
        LazyLock, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use crate::Feature;

/// Identifies the request. Kestrel: `{connection id}:{8 hex digits}`, the number of the request on
/// its connection or the stream id.
pub trait HttpRequestIdentifierFeature: Feature {
    /// The identifier, unique in this process.
    fn trace_identifier(&self) -> String;

    /// Puts another identifier in its place, such as a caller's.
    fn set_trace_identifier(&mut self, identifier: &str);
}

/// The plain [`HttpRequestIdentifierFeature`]: 13 characters of a process-wide counter, made when
/// first asked for.
///
/// ```
/// use falconry_features::{HttpRequestIdentifierFeature, PlainRequestIdentifier};
///
/// let (first, second) = (PlainRequestIdentifier::default(), PlainRequestIdentifier::default());
/// assert_eq!(first.trace_identifier().len(), 13);
/// assert_eq!(first.trace_identifier(), first.trace_identifier());
/// assert_ne!(first.trace_identifier(), second.trace_identifier());
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlainRequestIdentifier {
    identifier: OnceLock<String>,
}

impl HttpRequestIdentifierFeature for PlainRequestIdentifier {
    fn trace_identifier(&self) -> String {
        self.identifier.get_or_init(next_identifier).clone()
    }

    fn set_trace_identifier(&mut self, identifier: &str) {
        self.identifier = OnceLock::from(identifier.to_owned());
    }
}

/// Counts from the time of the process's first request on, so that the identifiers of one run do
/// not come back in the next.
fn next_identifier() -> String {
    static COUNTER: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(ticks()));
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHIJKLMNOPQRSTUV";

    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    (0..13).rev().map(|digit| char::from(ALPHABET[(number >> (5 * digit)) as usize & 31])).collect()
}

/// The time in units of 100 ns.
fn ticks() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_nanos() / 100).unwrap_or_default()
}
