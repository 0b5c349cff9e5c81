//! Processes on Windows.

use std::{
    env,
    os::windows::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
};

/// What a program needs of the environment: without the first there are no sockets.
pub(crate) const NEEDED_VARIABLES: [&str; 4] = ["SystemRoot", "PATH", "TEMP", "TMP"];

/// The events of a console that ask for the stop.
pub(crate) const WAYS_TO_STOP: [&str; 2] = ["ctrl-break", "ctrl-c"];

/// `CREATE_NO_WINDOW`: a console of its own, so that its events are not ours.
const OWN_CONSOLE: u32 = 0x0800_0000;

/// Names the program that sends events to the console of another: `ctrl-c PROCESS`. No function of Windows that is safe
/// in the sense of Rust does that. `cargo xtask windows test` makes one.
const EVENT_PROGRAM: &str = "FALCONRY_CONSOLE_EVENT";

/// The program, with a console of its own.
pub(super) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.creation_flags(OWN_CONSOLE);
    command
}

/// Asks a process to stop.
pub(super) fn ask(process: u32, way: &str) {
    let program = env::var_os(EVENT_PROGRAM).expect(EVENT_PROGRAM);
    let status = Command::new(program).args([way, &process.to_string()]).status().unwrap();
    assert!(status.success(), "{way} {process}: {status}");
}

/// Ends a process at once.
pub(crate) fn kill(process: u64) {
    let mut command = Command::new("taskkill");
    let status = command.args(["/F", "/PID", &process.to_string()]).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "taskkill {process}: {status}");
}
