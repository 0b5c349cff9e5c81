//! What a caller of the test client is told when a request fails.

use std::{borrow::Cow, error::Error as StdError, fmt};

use falconry_features::BoxError;

/// Why a request of the test client, or reading its response, failed.
///
/// The error that an application ended with is the [`source`](StdError::source) of the error.
#[derive(Debug)]
pub struct TestError {
    kind: Kind,
    message: Cow<'static, str>,
    source: Option<BoxError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    InvalidRequest,
    NotStarted,
    Disposed,
    Application,
    ApplicationAborted,
    Reset,
    ClientAborted,
    RequestEnded,
    Incomplete,
    NotUpgraded,
    Text,
}

impl TestError {
    /// True if the request cannot be sent as it was built: a bad URI, field name or value.
    pub fn is_invalid_request(&self) -> bool {
        self.kind == Kind::InvalidRequest
    }

    /// True if the server has not been started.
    pub fn is_not_started(&self) -> bool {
        self.kind == Kind::NotStarted
    }

    /// True if the server has been dropped or disposed.
    pub fn is_disposed(&self) -> bool {
        self.kind == Kind::Disposed
    }

    /// True if the application failed or panicked; the source is its error.
    pub fn is_application(&self) -> bool {
        self.kind == Kind::Application
    }

    /// True if the application aborted the request.
    pub fn is_application_aborted(&self) -> bool {
        self.kind == Kind::ApplicationAborted
    }

    /// True if the application reset the stream; the source is an [`HttpResetError`].
    pub fn is_reset(&self) -> bool {
        self.kind == Kind::Reset
    }

    /// True if the client itself had aborted the request.
    pub fn is_client_aborted(&self) -> bool {
        self.kind == Kind::ClientAborted
    }

    /// True if body data was sent to a request that reads no more of it.
    pub fn is_request_ended(&self) -> bool {
        self.kind == Kind::RequestEnded
    }

    /// True if the request ended without a whole response, and without an error to say why.
    pub fn is_incomplete(&self) -> bool {
        self.kind == Kind::Incomplete
    }

    /// True if an upgrade was asked for and the application answered something else.
    pub fn is_not_upgraded(&self) -> bool {
        self.kind == Kind::NotUpgraded
    }

    /// True if the body was asked for as text and is not UTF-8.
    pub fn is_not_text(&self) -> bool {
        self.kind == Kind::Text
    }

    /// The error code of a reset.
    pub fn reset_code(&self) -> Option<u32> {
        self.source.as_deref()?.downcast_ref::<HttpResetError>().map(|reset| reset.code)
    }

    /// Takes the error underneath: the one that the application ended with.
    pub fn into_source(self) -> Option<BoxError> {
        self.source
    }

    pub(crate) fn invalid_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::InvalidRequest, message)
    }

    pub(crate) fn not_started() -> Self {
        Self::new(
            Kind::NotStarted,
            "the test server has not been started; call `start` with an application first",
        )
    }

    pub(crate) fn disposed() -> Self {
        Self::new(
            Kind::Disposed,
            "the test server has been disposed; keep it alive while its clients are in use",
        )
    }

    pub(crate) fn application(error: BoxError) -> Self {
        Self::new(Kind::Application, "the application failed").with_source(error)
    }

    pub(crate) fn application_aborted() -> Self {
        Self::new(Kind::ApplicationAborted, "The application aborted the request.")
    }

    pub(crate) fn reset(code: u32) -> Self {
        Self::new(Kind::Reset, "the application reset the stream").with_source(HttpResetError { code }.into())
    }

    pub(crate) fn client_aborted() -> Self {
        Self::new(Kind::ClientAborted, "The client aborted the request.")
    }

    pub(crate) fn request_ended() -> Self {
        Self::new(Kind::RequestEnded, "the application reads no more of the request's body")
    }

    pub(crate) fn incomplete(message: &'static str) -> Self {
        Self::new(Kind::Incomplete, message)
    }

    pub(crate) fn not_upgraded(status: http::StatusCode) -> Self {
        Self::new(
            Kind::NotUpgraded,
            format!("incomplete handshake: the application answered {status} and took no stream over"),
        )
    }

    pub(crate) fn not_text(error: std::str::Utf8Error) -> Self {
        Self::new(Kind::Text, "the response's body is not UTF-8; read it with `bytes`")
            .with_source(error.into())
    }

    pub(crate) fn with_source(mut self, source: BoxError) -> Self {
        self.source = Some(source);
        self
    }

    fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), source: None }
    }
}

impl fmt::Display for TestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for TestError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

/// The application reset the request's stream (HTTP/2, HTTP/3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpResetError {
    /// The error code, as the protocol numbers them.
    pub code: u32,
}

impl fmt::Display for HttpResetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the stream was reset with error code {:#x}", self.code)
    }
}

impl StdError for HttpResetError {}
