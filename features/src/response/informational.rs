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

/// Refuses what is not the status of an interim response (RFC 9110 section 15.2): 101 is an upgrade. For servers that
/// implement [`HttpInformationalResponseFeature`].
///
/// ```
/// use falconry_features::check_interim_status;
/// use http::StatusCode;
///
/// assert!(check_interim_status(StatusCode::EARLY_HINTS).is_ok());
/// assert!(check_interim_status(StatusCode::SWITCHING_PROTOCOLS).unwrap_err().is_out_of_range());
/// assert!(check_interim_status(StatusCode::OK).unwrap_err().is_out_of_range());
/// ```
///
/// # Errors
/// Out of range: it is not 1xx, or it is 101.
pub fn check_interim_status(status: StatusCode) -> Result<(), FeatureError> {
    if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(());
    }
    Err(FeatureError::out_of_range(format!(
        "{status} is no interim status: those are 100 to 199 except 101, which is an upgrade"
    )))
}
