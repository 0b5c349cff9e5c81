//! The conformance suite inside the worker: the application that the module loads.
//!
//! Each trial's server is one of the ports that the worker listens on.

use std::{io::Write as _, thread};

use falconry_conformance::{Arguments, Capability, Sites, Subject};
use falconry_features::{BoxError, Deadline, Server as _};
use falconry_in_process::Worker;

falconry_iis::export_app!(run);

async fn run() -> Result<(), BoxError> {
    let arguments = variable("FALCONRY_SUITE_ARGUMENTS");
    let arguments = Arguments::from_iter(["suite"].into_iter().chain(arguments.split_whitespace()));
    let ports = variable("IIS_WORKER_PORTS");
    let sites = Sites::new(ports.split(',').filter_map(|port| port.parse().ok()));
    let worker = Worker::current().ok_or("this is no worker")?;
    worker.server.start(sites.application()).await?;
    thread::spawn(move || {
        let subject = Subject::new("iis", move || sites.server());
        let subject = subject.with_all().without([
            // The native interfaces have nothing for these on HTTP/1.1.
            Capability::RequestTrailers,
            Capability::ResponseTrailers,
            Capability::Informational,
            // Connections are IIS's.
            Capability::PersistentState,
            Capability::Heartbeat,
            // IIS ends a response with the end of its request.
            Capability::EarlyEnd,
            // What IIS's configuration says, and IIS's own.
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
