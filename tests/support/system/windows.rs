//! Events of consoles.

use std::{
    env,
    fmt::Display,
    os::windows::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
};

/// Without the first there are no sockets.
pub(super) const NEEDED_VARIABLES: [&str; 4] = ["SystemRoot", "PATH", "TEMP", "TMP"];

/// The events that ask for the stop.
pub(crate) const WAYS_TO_STOP: [&str; 4] = ["Ctrl-Break", "Ctrl-C", "close", "shutdown"];

/// `CREATE_NO_WINDOW`: a console of its own, so that its events are not ours.
const OWN_CONSOLE: u32 = 0x0800_0000;

/// Names the program that sends an event of consoles to a process: `PROGRAM Ctrl-C PROCESS`. Rust has no safe function
/// for that, so `cargo xtask windows test` makes one from C.
const EVENT_PROGRAM: &str = "FALCONRY_CONSOLE_EVENT";

/// The program, with a console of its own.
pub(super) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.creation_flags(OWN_CONSOLE);
    command
}

/// Asks a process to stop, in one of the ways.
pub(crate) fn ask_to_stop(process: impl Display, way: &str) {
    let program = env::var_os(EVENT_PROGRAM).expect(EVENT_PROGRAM);
    let status = Command::new(program).args([way, &process.to_string()]).status().unwrap();
    assert!(status.success(), "{way} {process}: {status}");
}

/// Ends a process at once.
pub(crate) fn kill(process: impl Display) {
    let mut command = Command::new("taskkill");
    let status = command.args(["/F", "/PID", &process.to_string()]).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "taskkill {process}: {status}");
}
