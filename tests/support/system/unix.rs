//! Signals.

use std::{fmt::Display, path::Path, process::Command};

pub(super) const NEEDED_VARIABLES: [&str; 1] = ["PATH"];

/// The signals that ask for the stop; the first is that of service managers.
pub(crate) const WAYS_TO_STOP: [&str; 3] = ["SIGTERM", "SIGINT", "SIGQUIT"];

/// The program. On Linux it dies with the test.
pub(super) fn command(program: &Path) -> Command {
    const SETPRIV: &str = "/usr/bin/setpriv";
    if !Path::new(SETPRIV).exists() {
        return Command::new(program);
    }
    let mut command = Command::new(SETPRIV);
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}

/// Asks a process to stop, in one of the ways.
pub(crate) fn ask_to_stop(process: impl Display, way: &str) {
    signal(way.trim_start_matches("SIG"), process);
}

/// Ends a process at once.
pub(crate) fn kill(process: impl Display) {
    signal("KILL", process);
}

fn signal(name: &str, process: impl Display) {
    let status = Command::new("kill").args(["-s", name, &process.to_string()]).status().unwrap();
    assert!(status.success(), "kill -s {name} {process}");
}
