//! A program for Windows that runs under Wine, and what curl gets from it.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use super::{built, wine::Wine};
use crate::shell;

/// How long anything may take. The machine may be busy, and Wine starts its services first.
const PATIENCE: Duration = Duration::from_secs(60);

/// It is killed when dropped.
pub(super) struct Program {
    child: Child,
    lines: Receiver<String>,
}

impl Program {
    /// Starts an example.
    pub(super) fn start(wine: &Wine, example: &str, arguments: &[&str]) -> Result<Self, String> {
        let mut command = wine.command();
        command.arg(built::example(example)).args(arguments);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("wine cannot be started: {error}"))?;
        let output = child.stdout.take().ok_or("wine has no output")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, lines })
    }

    /// Waits until the program prints this.
    pub(super) fn wait_for(&self, text: &str) -> Result<(), String> {
        let mut printed = Vec::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE).map_err(|error| {
                format!("'{text}' was not printed ({error}), only:\n{}", printed.join("\n"))
            })?;
            if line.contains(text) {
                return Ok(());
            }
            printed.push(line);
        }
    }

    /// Ctrl-C.
    pub(super) fn interrupt(&self) -> Result<(), String> {
        shell::output(Command::new("kill").args(["-INT", &self.child.id().to_string()])).map(drop)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What curl prints.
pub(super) fn curl(arguments: &[&str]) -> Result<String, String> {
    let patience = PATIENCE.as_secs().to_string();
    shell::output(
        Command::new("curl").args(["--silent", "--show-error", "--max-time", &patience]).args(arguments),
    )
}
