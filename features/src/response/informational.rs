//! Interim responses.

use http::{HeaderMap, StatusCode};

use crate::{Feature, FeatureError};

/// Sends interim (1xx) responses ahead of the response, such as 103 Early Hints (RFC 8297).
///
/// Absent where the server or the request's version (HTTP/1.0) cannot carry them.
pub trait HttpInformationalResponseFeature: Feature {
    /// Queues an interim response; it leaves ahead of the response's head.
    ///
    /// # Errors
    /// Out of range: not 1xx, or 101, which is an upgrade. Invalid state: the response has started.
    fn send(&mut self, status: StatusCode, headers: HeaderMap) -> Result<(), FeatureError>;
}
