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

/// The identifier of a request to which HTTP.sys has given the number `request_id` (`HTTP_REQUEST_ID`), as the
/// original's servers on HTTP.sys and in IIS make it: the GUID `ffcb4c93-a57f-453c-b63f-84710c7967bb` with the number for
/// its first 8 bytes, which in memory stand with their lowest byte first, group by group.
///
/// ```
/// use falconry_features::native_trace_identifier;
///
/// assert_eq!(native_trace_identifier(1), "00000001-0000-0000-b63f-84710c7967bb");
/// assert_eq!(native_trace_identifier(0x1122_3344_5566_7788), "55667788-3344-1122-b63f-84710c7967bb");
/// ```
pub fn native_trace_identifier(request_id: u64) -> String {
    let [first, second, third] = [request_id & 0xFFFF_FFFF, request_id >> 32 & 0xFFFF, request_id >> 48];
    format!("{first:08x}-{second:04x}-{third:04x}-b63f-84710c7967bb")
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
