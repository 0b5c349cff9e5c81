//! Processes on unix.

use std::{path::Path, process::Command};

/// What a program needs of the environment.
pub(crate) const NEEDED_VARIABLES: [&str; 1] = ["PATH"];

/// The signals that ask for the stop.
pub(crate) const WAYS_TO_STOP: [&str; 3] = ["TERM", "INT", "QUIT"];

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

/// Asks a process to stop.
pub(super) fn ask(process: u32, way: &str) {
    signal(way, process.into());
}

/// Ends a process at once.
pub(crate) fn kill(process: u64) {
    signal("KILL", process);
}

fn signal(name: &str, process: u64) {
    let status = Command::new("kill").args(["-s", name, &process.to_string()]).status().unwrap();
    assert!(status.success(), "kill -s {name} {process}");
}
