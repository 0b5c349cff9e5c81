//! The conformance suite inside a worker of nginx: the application that the module loads.
//!
//! Each trial's server is one of the ports that nginx listens on.

use std::{io::Write as _, thread};

use falconry_conformance::{Arguments, Capability, Sites, Subject};
use falconry_features::{BoxError, Deadline, Server as _};
use falconry_in_process::Worker;

falconry_nginx::export_app!(run);

async fn run() -> Result<(), BoxError> {
    let arguments = variable("FALCONRY_SUITE_ARGUMENTS");
    let arguments = Arguments::from_iter(["suite"].into_iter().chain(arguments.split_whitespace()));
    let ports = variable("FALCONRY_SUITE_PORTS");
    let sites = Sites::new(ports.split(',').filter_map(|port| port.parse().ok()));
    let worker = Worker::current().ok_or("this is no worker")?;
    worker.server.start(sites.application()).await?;
    thread::spawn(move || {
        let subject = Subject::new("nginx", move || sites.server());
        let subject = subject.with_all().without([
            // nginx drops them.
            Capability::RequestTrailers,
            // nginx refuses methods in lower case, `OPTIONS *`, and what leads above the root.
            Capability::AnyRequestLine,
            // Connections are nginx's.
            Capability::PersistentState,
            Capability::Heartbeat,
            // What nginx's configuration says, and nginx's own: tests/nginx looks at it.
            Capability::Addresses,
            Capability::StartOnce,
            Capability::GracefulStop,
            Capability::StopDeadline,
        ]);
        let conclusion = falconry_conformance::run_with(&arguments, subject);
        println!("suite: {}", if conclusion.has_failed() { "failed" } else { "passed" });
        let _ = std::io::stdout().flush();
    });
    worker.server.stop_requested().cancelled().await;
    worker.server.stop(Deadline::never()).await?;
    Ok(())
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}
