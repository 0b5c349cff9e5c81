//! Examines a server on which the contract app runs already, over HTTP/1.1.
//!
//! ```text
//! cargo run --example contract -- --urls http://127.0.0.1:5000 &
//! falconry-conformance http://127.0.0.1:5000
//! falconry-conformance http://127.0.0.1:5000 --without ResponseTrailers,AbortObservation echo
//! ```
//!
//! What follows the address goes to the test runner: `--list`, `--test-threads`, names to pick.

use std::process::ExitCode;

use falconry_conformance::{Arguments, Capability, run_against};

fn main() -> ExitCode {
    let mut arguments = std::env::args();
    let program = arguments.next().unwrap_or_default();
    let Some(address) = arguments.next().filter(|address| address.starts_with("http://")) else {
        eprintln!(
            "usage: {program} http://HOST:PORT [--without CAPABILITY,...] [options of the test runner]"
        );
        eprintln!(
            "capabilities: {}",
            Capability::ALL.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        );
        return ExitCode::from(2);
    };
    let mut rest: Vec<_> = arguments.collect();
    let mut without = String::new();
    if let Some(at) = rest.iter().position(|argument| argument == "--without") {
        without = rest.drain(at..rest.len().min(at + 2)).nth(1).unwrap_or_default();
    }
    let is_meant = |capability: &Capability| !without.split(',').any(|name| name == capability.to_string());
    let capabilities = Capability::ALL.iter().copied().filter(is_meant);
    let arguments = Arguments::from_iter(std::iter::once(program).chain(rest));
    match run_against(&arguments, &address, capabilities) {
        Ok(conclusion) => conclusion.exit_code(),
        Err(error) => {
            eprintln!("{address} cannot be examined: {error}");
            ExitCode::from(2)
        }
    }
}
