//! What is to be started.

use std::{ffi::OsString, path::PathBuf};

/// A program, its surroundings, and where its output goes.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) folder: PathBuf,
    /// Set in the process's environment; the rest is the module's.
    pub(super) set: Vec<(String, OsString)>,
    /// Of the module's environment, not for the process.
    pub(super) removed: Vec<&'static str>,
    /// Where standard output and standard error go; `None` is where the module's own go.
    pub(super) output: Option<std::io::PipeWriter>,
}
