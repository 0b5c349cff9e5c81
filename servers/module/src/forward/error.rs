//! Why a request could not be forwarded.

use std::{borrow::Cow, error::Error as StdError, fmt};

use falconry_features::BoxError;
use http::StatusCode;

/// A request that could not be forwarded, or whose response broke off.
///
/// Unless [`has_started`](Self::has_started), the client has not been answered: the caller does that, with
/// [`pages::answer_error`](super::pages::answer_error) or otherwise.
#[derive(Debug)]
pub struct ForwardError {
    kind: ForwardErrorKind,
    message: Cow<'static, str>,
    source: Option<BoxError>,
    is_repeatable: bool,
    has_started: bool,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForwardErrorKind {
    /// No connection to the backend could be made.
    ConnectFailed,
    /// The backend has been [retired](super::Backend::retire).
    Retired,
    /// The backend closed or reset the connection before the end of its response.
    BackendClosed,
    /// The backend let [`request_timeout`](super::ForwardOptions::request_timeout) pass without a byte.
    TimedOut,
    /// What the backend answered breaks the rules of HTTP.
    BadResponse,
    /// The client left, or broke its request's body off.
    ClientLeft,
    /// The request's body is over [`max_request_body_size`](super::ForwardOptions::max_request_body_size).
    RequestTooLarge,
    /// The request cannot be forwarded as it is, with the status to answer.
    Refused(StatusCode),
    /// The front server could not send the response.
    Front,
}

impl ForwardError {
    pub(super) fn new(kind: ForwardErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), source: None, is_repeatable: false, has_started: false }
    }

    pub(super) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(super) fn repeatable(mut self, is_repeatable: bool) -> Self {
        self.is_repeatable = is_repeatable;
        self
    }

    pub(super) fn started(mut self) -> Self {
        self.is_repeatable = false;
        self.has_started = true;
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ForwardErrorKind {
        self.kind
    }

    /// True if the request may be forwarded again, to this backend or another: none of its body has been consumed,
    /// and either the backend cannot have seen it or doing it twice does no harm (RFC 9110 section 9.2.2).
    pub fn is_repeatable(&self) -> bool {
        self.is_repeatable
    }

    /// True if the response had started: it has been broken off, so that the client does not take a part for the
    /// whole, and nothing more can be answered.
    pub fn has_started(&self) -> bool {
        self.has_started
    }

    /// The status that the client is to be answered with.
    pub fn status(&self) -> StatusCode {
        match self.kind {
            ForwardErrorKind::ConnectFailed
            | ForwardErrorKind::BackendClosed
            | ForwardErrorKind::TimedOut
            | ForwardErrorKind::BadResponse => StatusCode::BAD_GATEWAY,
            ForwardErrorKind::Retired => StatusCode::SERVICE_UNAVAILABLE,
            ForwardErrorKind::ClientLeft => StatusCode::BAD_REQUEST,
            ForwardErrorKind::RequestTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ForwardErrorKind::Refused(status) => status,
            ForwardErrorKind::Front => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// IIS's sub status, as in 502.3; 0 is none.
    pub fn sub_status(&self) -> u16 {
        if self.status() == StatusCode::BAD_GATEWAY { 3 } else { 0 }
    }
}

impl fmt::Display for ForwardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for ForwardError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}
