//! The errors that features and servers raise.

use std::{borrow::Cow, error::Error as StdError, fmt};

use http::StatusCode;

/// Any error, boxed: what applications return and bodies end with.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// What a feature answers when it cannot do what was asked.
///
/// ```
/// use falconry_features::FeatureError;
///
/// let error = FeatureError::invalid_state("the response has already started");
/// assert!(error.is_invalid_state());
/// assert_eq!(error.to_string(), "the response has already started");
/// ```
#[derive(Debug)]
pub struct FeatureError {
    kind: Kind,
    message: Cow<'static, str>,
    source: Option<BoxError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    InvalidState,
    OutOfRange,
    InvalidArgument,
    NotSupported,
    Finished,
    Aborted,
    Io,
}

impl FeatureError {
    /// The operation is not allowed in the present state (`InvalidOperationException`).
    pub fn invalid_state(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::InvalidState, message)
    }

    /// A value lies outside its valid range (`ArgumentOutOfRangeException`).
    pub fn out_of_range(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::OutOfRange, message)
    }

    /// A value is malformed (`ArgumentException`).
    pub fn invalid_argument(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::InvalidArgument, message)
    }

    /// The server or the protocol cannot do this (`NotSupportedException`).
    pub fn not_supported(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::NotSupported, message)
    }

    /// The request has ended; its objects are of no use any more (`ObjectDisposedException`).
    pub fn finished(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Finished, message)
    }

    /// The request was aborted, by the client, the application or the server.
    pub fn aborted(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Aborted, message)
    }

    /// The transport failed (`IOException`).
    pub fn io(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Io, message)
    }

    /// The same error with the error that caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// True if the operation is not allowed in the present state.
    pub fn is_invalid_state(&self) -> bool {
        self.kind == Kind::InvalidState
    }

    /// True if a value lies outside its valid range.
    pub fn is_out_of_range(&self) -> bool {
        self.kind == Kind::OutOfRange
    }

    /// True if a value is malformed.
    pub fn is_invalid_argument(&self) -> bool {
        self.kind == Kind::InvalidArgument
    }

    /// True if the server or the protocol cannot do what was asked.
    pub fn is_not_supported(&self) -> bool {
        self.kind == Kind::NotSupported
    }

    /// True if the request had already ended.
    pub fn is_finished(&self) -> bool {
        self.kind == Kind::Finished
    }

    /// True if the request was aborted.
    pub fn is_aborted(&self) -> bool {
        self.kind == Kind::Aborted
    }

    /// True if the transport failed.
    pub fn is_io(&self) -> bool {
        self.kind == Kind::Io
    }

    fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), source: None }
    }
}

impl fmt::Display for FeatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for FeatureError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

/// A request that the server refuses: what reading its body ends with when a limit or a framing rule is broken.
///
/// An application that lets it pass through makes the server answer with its status
/// (`BadHttpRequestException` in ASP.NET Core).
///
/// ```
/// use falconry_features::BadHttpRequestError;
/// use http::StatusCode;
///
/// let error = BadHttpRequestError::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is over 10 bytes");
/// let boxed: falconry_features::BoxError = error.into();
/// assert_eq!(BadHttpRequestError::find(&*boxed).unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);
/// ```
#[derive(Clone, Debug)]
pub struct BadHttpRequestError {
    status: StatusCode,
    message: Cow<'static, str>,
}

impl BadHttpRequestError {
    /// A refusal with the status to answer and the reason.
    pub fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, message: message.into() }
    }

    /// The status that the client is answered with.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Looks for a refusal in `error` and in its chain of sources.
    pub fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        std::iter::successors(Some(error), |&error: &&'a (dyn StdError + 'static)| error.source())
            .find_map(|error| error.downcast_ref())
    }
}

impl fmt::Display for BadHttpRequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for BadHttpRequestError {}
