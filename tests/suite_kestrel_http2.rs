//! The conformance suite over Kestrel, HTTP/2 in clear.

#[path = "support/http2.rs"]
mod http2;

use std::{process::ExitCode, sync::Arc};

use falconry_conformance::{Capability, Subject};
use falconry_features::Server;
use falconry_kestrel::{KestrelServer, KestrelServerOptions};
use http2::Http2;

fn main() -> ExitCode {
    let runtime = Http2::runtime();
    let subject = Subject::with_connector("kestrel, HTTP/2", move || {
        let server: Arc<dyn Server> = Arc::new(KestrelServer::new(KestrelServerOptions::default()));
        let connector = Http2::to(&server, &runtime);
        (server, connector)
    });
    // HTTP/2 has extended CONNECT in the place of upgrades.
    let subject = subject.with_all().without([Capability::Http1, Capability::Upgrade]);
    falconry_conformance::run(subject).exit_code()
}
