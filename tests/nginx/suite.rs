//! The conformance suite inside a worker of nginx: the application that the module loads.
//!
//! Each trial's server is one of the ports that nginx listens on.

#[path = "../support/http2.rs"]
mod http2;
#[path = "../support/http3.rs"]
mod http3;

use std::{io::Write as _, sync::Arc, thread};

use falconry_conformance::{Arguments, Capability, Sites, Subject};
use falconry_features::{BoxError, Deadline, Server};
use falconry_in_process::Worker;
use http2::Http2;
use http3::Http3;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

falconry_nginx::export_app!(run);

async fn run() -> Result<(), BoxError> {
    let arguments = variable("FALCONRY_SUITE_ARGUMENTS");
    let arguments = Arguments::from_iter(["suite"].into_iter().chain(arguments.split_whitespace()));
    let ports = variable("FALCONRY_SUITE_PORTS");
    let sites = Sites::new(ports.split(',').filter_map(|port| port.parse().ok()));
    let worker = Worker::current().ok_or("this is no worker")?;
    worker.server.start(sites.application()).await?;
    let subject = subject(sites)?;
    thread::spawn(move || {
        let conclusion = falconry_conformance::run_with(&arguments, subject);
        println!("suite: {}", if conclusion.has_failed() { "failed" } else { "passed" });
        let _ = std::io::stdout().flush();
    });
    worker.server.stop_requested().cancelled().await;
    worker.server.stop(Deadline::never()).await?;
    Ok(())
}

fn subject(sites: Sites) -> Result<Subject, BoxError> {
    let subject = match &*variable("FALCONRY_SUITE_PROTOCOL") {
        "HTTP/2" => {
            let runtime = Http2::runtime();
            let subject = Subject::with_connector("nginx, HTTP/2", move || {
                let server: Arc<dyn Server> = Arc::new(sites.server());
                let connector = Http2::to(&server, &runtime);
                (server, connector)
            });
            subject.with_all().without(NOT_HTTP_1)
        }
        "HTTP/3" => {
            let runtime = Http3::runtime();
            let certificate = CertificateDer::from_pem_file(variable("FALCONRY_SUITE_CERTIFICATE"))?;
            let config = Http3::config(&certificate);
            let subject = Subject::with_connector("nginx, HTTP/3", move || {
                let server: Arc<dyn Server> = Arc::new(sites.server());
                // nginx 1.28 takes what follows a frame that it does not know for data, so a body that ends with one
                // is 400.
                let connector = Http3::to(&server, &config, &runtime).without_grease();
                (server, connector)
            });
            // A reset overtakes the data before it.
            let subject = subject.with_address("https://127.0.0.1:0").with_all();
            subject.without(NOT_HTTP_1).without([Capability::DataBeforeReset])
        }
        _ => Subject::new("nginx", move || sites.server()).with_all(),
    };
    Ok(subject.without([
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
    ]))
}

/// What only HTTP/1.1 has, in nginx.
const NOT_HTTP_1: [Capability; 3] = [Capability::Http1, Capability::Upgrade, Capability::Informational];

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}
