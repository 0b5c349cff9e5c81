//! The conformance suite over the example of a custom server.

#[path = "../examples/custom_server/server.rs"]
mod server;

use std::process::ExitCode;

use falconry_conformance::{
    Capability::{AbortObservation, Heartbeat, PersistentState},
    Subject,
};

fn main() -> ExitCode {
    let subject = Subject::new("custom server", server::ThreadServer::new)
        .with_all()
        // A blocking thread that waits for the application does not watch its client.
        .without([AbortObservation])
        // What outlives a request it does not have.
        .without([Heartbeat, PersistentState]);
    falconry_conformance::run(subject).exit_code()
}
