//! Interim responses.

use std::task::{Context, Poll};

use http::{HeaderMap, StatusCode};

use crate::{Feature, FeatureError};

/// Sends interim (1xx) responses ahead of the response, such as 103 Early Hints (RFC 8297).
///
/// Absent where the server or the request's version (HTTP/1.0) cannot carry them.
pub trait HttpInformationalResponseFeature: Feature {
    /// Sends an interim response; completes when it is on its way, or was left out because the
    /// client pipelines requests and an answer before this one has not left yet.
    ///
    /// # Errors
    /// Out of range: not 1xx, or 101, which is an upgrade. Invalid state: the response has started.
    /// Aborted: the client has gone.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Poll<Result<(), FeatureError>>;
}
