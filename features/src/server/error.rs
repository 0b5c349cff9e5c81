//! Why a server could not start or stop.

use std::{borrow::Cow, error::Error as StdError, fmt, io};

use crate::BoxError;

/// Why a server could not start, or stop as asked.
///
/// ```
/// use falconry_features::ServerError;
///
/// let error = ServerError::already_started();
/// assert!(error.is_invalid_state());
/// ```
#[derive(Debug)]
pub struct ServerError {
    kind: Kind,
    message: Cow<'static, str>,
    source: Option<BoxError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Address,
    AddressInUse,
    Options,
    State,
    Platform,
    Io,
}

impl ServerError {
    /// An address that cannot be understood or served.
    pub fn address(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Address, message)
    }

    /// An address that somebody else has bound.
    pub fn address_in_use(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::AddressInUse, message)
    }

    /// An address that the system does not give; `error` says why.
    pub fn cannot_bind(address: impl fmt::Display, error: io::Error) -> Self {
        let failure = if error.kind() == io::ErrorKind::AddrInUse {
            Self::address_in_use(format!(
                "failed to bind to {address}: the address is already in use; stop the program that uses it, or choose \
                 another address, for instance with --urls http://localhost:5001"
            ))
        } else {
            Self::address(format!("failed to bind to {address}: {error}"))
        };
        failure.with_source(error)
    }

    /// Options that are out of range or contradict each other.
    pub fn options(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Options, message)
    }

    /// A call that comes too early, too late or twice.
    pub fn invalid_state(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::State, message)
    }

    /// Something that this system does not have.
    pub fn platform(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Platform, message)
    }

    /// A failure of the system underneath.
    pub fn io(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Io, message)
    }

    /// The second start of a server.
    pub fn already_started() -> Self {
        Self::invalid_state("the server has already been started; make a new one to serve again")
    }

    /// The same error with the error that caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// True if an address cannot be understood, served or bound.
    pub fn is_address(&self) -> bool {
        matches!(self.kind, Kind::Address | Kind::AddressInUse)
    }

    /// True if somebody else has bound the address.
    pub fn is_address_in_use(&self) -> bool {
        self.kind == Kind::AddressInUse
    }

    /// True if options are out of range or contradict each other.
    pub fn is_options(&self) -> bool {
        self.kind == Kind::Options
    }

    /// True if the call came too early, too late or twice.
    pub fn is_invalid_state(&self) -> bool {
        self.kind == Kind::State
    }

    /// True if this system lacks what was asked for.
    pub fn is_platform(&self) -> bool {
        self.kind == Kind::Platform
    }

    fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), source: None }
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for ServerError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}
