//! The conformance suite over the application in a worker of the installed nginx, HTTP/1.1.
//!
//! It runs inside the worker: `tests/nginx/suite.rs`. What it writes is passed on.

#[path = "support/skip.rs"]
mod skip;
#[cfg(unix)]
#[path = "nginx/support.rs"]
mod support;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    use std::fmt::Write as _;

    if let Some(reason) = support::missing() {
        skip::skip("suite_nginx", reason);
        return ExitCode::SUCCESS;
    }
    let app = support::built_example("nginx_suite");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Each trial under way has a port or two.
    let ports = 32;
    let mut http = String::new();
    for number in 0..ports {
        let location = format!("location / {{ falconry_app \"{}\"; }}", app.display());
        writeln!(http, "server {{ listen 127.0.0.1:{{port{number}}}; {location} }}")
            .expect("memory is there");
    }
    let mut setup = support::Setup { ports, http, ..support::Setup::location("") };
    setup.variables.push(("FALCONRY_SUITE_ARGUMENTS".to_owned(), arguments.join(" ")));
    setup.variables.push(("FALCONRY_SUITE_PORTS".to_owned(), "{ports}".to_owned()));
    let nginx = setup.start();
    let mut outcome = None;
    while outcome.is_none() {
        let Ok(line) = nginx.output.recv_timeout(2 * support::PATIENCE) else { break };
        match line.strip_prefix("suite: ") {
            Some(end) => outcome = Some(end == "passed"),
            None => println!("{line}"),
        }
    }
    if outcome == Some(true) {
        return ExitCode::SUCCESS;
    }
    eprintln!("the log of nginx:\n{}", nginx.log());
    ExitCode::FAILURE
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    skip::skip("suite_nginx", "the module is for unix");
    ExitCode::SUCCESS
}
