//! Why an application is not there.

use std::{fmt, io, path::PathBuf};

use crate::abi::{MAJOR, MINOR};

/// Why a library is not loaded. What it displays says what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read.
    Unreadable(PathBuf, io::Error),
    /// The file is no library for this system and processor.
    WrongArchitecture(PathBuf),
    /// The system does not load it: mostly, what it depends on is missing.
    NotLoadable(PathBuf, String),
    /// It does not export the table.
    NoTable(PathBuf),
    /// Its table has another version: major and minor.
    Version(PathBuf, u32, u32),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => write!(f, "{} cannot be read: {error}", path.display()),
            Self::WrongArchitecture(path) => write!(
                f,
                "{} is no library for this system and processor ({} on {}); build it for the target of the module",
                path.display(),
                std::env::consts::OS,
                std::env::consts::ARCH
            ),
            Self::NotLoadable(path, error) => {
                write!(f, "{} cannot be loaded; install what it depends on: {error}", path.display())
            }
            Self::NoTable(path) => write!(
                f,
                "{} is no application for the module: build it as a cdylib with `falconry::export_app!` and falconry's \
                 Cargo feature `module`",
                path.display()
            ),
            Self::Version(path, major, minor) => write!(
                f,
                "{} was built for version {major}.{minor} of the module's interface, and this module has {MAJOR}.{MINOR}; \
                 build it with a falconry that fits the module",
                path.display()
            ),
        }
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(_, error) => Some(error),
            _ => None,
        }
    }
}

/// The application did not start; the log says why.
#[derive(Debug)]
pub struct StartError;

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the application failed to start")
    }
}

impl std::error::Error for StartError {}
