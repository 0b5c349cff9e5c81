//! The name of a request in logs and traces.

use crate::Feature;

/// Identifies the request. Kestrel: `{connection id}:{8 hex digits}`, the number of the request on
/// its connection or the stream id.
pub trait HttpRequestIdentifierFeature: Feature {
    /// The identifier, unique in this process.
    fn trace_identifier(&self) -> String;

    /// Puts another identifier in its place, such as a caller's.
    fn set_trace_identifier(&mut self, identifier: &str);
}
