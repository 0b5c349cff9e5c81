//! What is to be started.

use std::{ffi::OsString, io, path::PathBuf};

/// A program, its surroundings, and where its output goes.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    pub(super) folder: PathBuf,
    /// Set in the process's environment; the rest is the module's.
    pub(super) set: Vec<(String, OsString)>,
    /// Of the module's environment, not for the process.
    pub(super) removed: Vec<&'static str>,
    /// Where standard output and standard error go; `None` is where the module's own go.
    pub(super) output: Option<io::PipeWriter>,
}

/// The executable of this process, also if its file has been replaced since.
#[cfg_attr(
    all(not(unix), not(feature = "in-process")),
    allow(dead_code, reason = "keepers and workers need it")
)]
pub(super) fn executable() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}
