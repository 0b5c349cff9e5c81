//! The conformance suite inside the worker: `../examples/iis_suite.rs`. What it writes is passed on.

mod support;

use std::{io::Write as _, net::TcpStream, process::ExitCode};

use self::support::Setup;

/// Each trial under way has a port or two.
const PORTS: &str = "32";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let setup = Setup::new("iis_suite")
        .arguments(["--ports", PORTS])
        .variable("FALCONRY_SUITE_ARGUMENTS", arguments.join(" "));
    let Some(worker) = setup.start("the suite in the IIS worker") else { return ExitCode::SUCCESS };
    // The application starts with the first request.
    let mut first = TcpStream::connect(worker.authority()).expect("the worker listens");
    first.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("a request can be sent");
    let mut outcome = None;
    while outcome.is_none() {
        let Some(line) = worker.line() else { break };
        match line.strip_prefix("suite: ") {
            Some(end) => outcome = Some(end == "passed"),
            None if line.starts_with("Now listening on: ") => {}
            None => println!("{line}"),
        }
    }
    drop(first);
    if outcome != Some(true) {
        return ExitCode::FAILURE;
    }
    worker.end();
    ExitCode::SUCCESS
}
