//! The conformance suite over the example of a custom server.

#[path = "../examples/custom_server/server.rs"]
mod server;

use std::process::ExitCode;

use falconry_conformance::{Capability::AbortObservation, Subject};

fn main() -> ExitCode {
    // A blocking thread that waits for the application does not watch its client.
    let subject =
        Subject::new("custom server", server::ThreadServer::new).with_all().without([AbortObservation]);
    falconry_conformance::run(subject).exit_code()
}
