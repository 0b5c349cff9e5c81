//! The conformance suite over the HTTP.sys server on the portable driver, HTTP/2 in clear.

#[path = "support/http2.rs"]
mod http2;

use std::{process::ExitCode, sync::Arc};

use falconry_conformance::{Capability, Subject};
use falconry_features::Server;
use falconry_httpsys::{HttpSysOptions, HttpSysServer, PortableDriver};
use http2::Http2;

fn main() -> ExitCode {
    let runtime = Http2::runtime();
    let subject = Subject::with_connector("httpsys, HTTP/2", move || {
        let driver = PortableDriver::new();
        let server: Arc<dyn Server> = Arc::new(HttpSysServer::with_driver(HttpSysOptions::default(), driver));
        let connector = Http2::to(&server, &runtime);
        (server, connector)
    });
    let absent = [
        Capability::Http1,
        // HTTP/2 has extended CONNECT in its place.
        Capability::Upgrade,
        // The HTTP Server API has none of these.
        Capability::RequestTrailers,
        Capability::Informational,
        Capability::PersistentState,
        Capability::Heartbeat,
    ];
    falconry_conformance::run(subject.with_all().without(absent)).exit_code()
}
