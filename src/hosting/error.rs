//! Why a host could not start, run or stop.

use std::{borrow::Cow, error::Error as StdError, fmt};

use falconry_features::{BoxError, ServerError};

use super::ConfigurationError;

/// Why a host could not start, run or stop.
///
/// `Debug` shows the whole chain of causes as text, with what to do about it: `main` may return it.
///
/// ```no_run
/// use falconry::{HostError, HttpContext, Result, WebHost};
///
/// async fn hello(ctx: &mut HttpContext) -> Result<()> {
///     ctx.response_mut().write("Hello World!").await
/// }
///
/// #[tokio::main]
/// async fn main() -> Result<(), HostError> {
///     WebHost::run(hello).await
/// }
/// ```
pub struct HostError {
    kind: Kind,
    message: Cow<'static, str>,
    source: Option<BoxError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Configuration,
    Choice,
    Start,
    State,
    Stop,
}

impl HostError {
    pub(super) fn configuration(message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: Kind::Configuration, message: message.into(), source: None }
    }

    pub(super) fn choice(message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: Kind::Choice, message: message.into(), source: None }
    }

    pub(super) fn start(source: impl Into<BoxError>) -> Self {
        Self { kind: Kind::Start, message: "the host could not start".into(), source: Some(source.into()) }
    }

    pub(super) fn state(message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: Kind::State, message: message.into(), source: None }
    }

    pub(super) fn stop(source: impl Into<BoxError>) -> Self {
        let message = "the host did not stop as it should".into();
        Self { kind: Kind::Stop, message, source: Some(source.into()) }
    }

    /// True if a setting or a configuration file is wrong.
    pub fn is_configuration(&self) -> bool {
        self.kind == Kind::Configuration
    }

    /// True if the server that was asked for is not compiled in.
    pub fn is_unknown_server(&self) -> bool {
        self.kind == Kind::Choice
    }

    /// True if the server could not be made or started.
    pub fn is_start(&self) -> bool {
        self.kind == Kind::Start
    }

    /// True if another program, or this one, has bound an address already.
    pub fn is_address_in_use(&self) -> bool {
        self.server_error().is_some_and(ServerError::is_address_in_use)
    }

    /// True if a call came too early, too late or twice.
    pub fn is_invalid_state(&self) -> bool {
        self.kind == Kind::State
    }

    /// True if the server did not stop in order.
    pub fn is_stop(&self) -> bool {
        self.kind == Kind::Stop
    }

    /// What the server reported, if it was the server.
    pub fn server_error(&self) -> Option<&ServerError> {
        self.source.as_ref()?.downcast_ref()
    }

    fn help(&self) -> Option<&'static str> {
        let error = self.server_error()?;
        if error.is_address_in_use() {
            Some("stop the program that has it, or choose another address: --urls http://localhost:5001")
        } else if error.is_address() {
            Some(
                "an address reads --urls http://localhost:5000, several --urls \"http://localhost:5000;http://*:8080\"",
            )
        } else {
            None
        }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The text for people, as `main` shows it.
impl fmt::Debug for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, "\n  because {error}")?;
            cause = error.source();
        }
        match self.help() {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl StdError for HostError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

impl From<ConfigurationError> for HostError {
    fn from(error: ConfigurationError) -> Self {
        Self { source: Some(error.into()), ..Self::configuration("the configuration has an error") }
    }
}
