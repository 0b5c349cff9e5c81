//! Why there is no process for a request.

use std::{fmt, io, path::PathBuf, time::Duration};

use crate::{in_process, keeper::Exit};

/// A process that could not be started.
#[derive(Debug)]
pub(crate) struct StartError {
    pub(crate) kind: StartErrorKind,
    /// The beginning of what the program wrote.
    pub(crate) output: String,
}

/// Why a process could not be started.
#[derive(Debug)]
pub(crate) enum StartErrorKind {
    /// The system did not let it.
    System(io::Error),
    /// There is no such file.
    NoProgram(PathBuf),
    /// The executable cannot be a worker that loads a library.
    NoWorker,
    /// The configured port is none.
    BadPort(String),
    /// Somebody else has the configured port.
    PortTaken(u16, io::Error),
    /// The configured pairing token cannot be sent.
    BadToken,
    /// No free port was found.
    NoPort,
    /// It ended before it listened.
    Exited(Exit),
    /// It did not listen in time.
    TimedOut(Duration),
    /// Processes ended so often that none is started for a while.
    RapidFail,
    /// The configuration is no longer the one to start with.
    Retired,
}

impl StartErrorKind {
    /// Whether another port may help: somebody may have taken the one.
    pub(super) fn may_be_the_port(&self) -> bool {
        matches!(self, Self::Exited(exit) if !in_process::is_refusal(*exit))
    }
}

impl From<StartErrorKind> for StartError {
    fn from(kind: StartErrorKind) -> Self {
        Self { kind, output: String::new() }
    }
}

impl fmt::Display for StartErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => write!(f, "the process could not be started: {error}"),
            Self::NoProgram(path) => write!(f, "processPath: there is no file {}", path.display()),
            Self::NoWorker => f.write_str(
                "hostingModel is inprocess, which takes the Cargo feature `in-process` of falconry-module, and a program that \
                 calls `falconry_module::run_keeper_if_asked()` first of all",
            ),
            Self::BadPort(port) => write!(f, "ASPNETCORE_PORT: {port:?} is not a port from 1025 to 48000"),
            Self::PortTaken(port, error) => write!(f, "ASPNETCORE_PORT: {port} cannot be had: {error}"),
            Self::BadToken => f.write_str("ASPNETCORE_TOKEN has characters that a field cannot have"),
            Self::NoPort => f.write_str("no free port was found"),
            Self::Exited(exit) => write!(f, "the process ended with {exit} before it listened"),
            Self::TimedOut(limit) => write!(f, "the process did not listen within {} s", limit.as_secs()),
            Self::RapidFail => f.write_str(
                "processes ended more often than rapidFailsPerMinute allows; none is started for a while",
            ),
            Self::Retired => f.write_str("the application is being stopped"),
        }
    }
}
