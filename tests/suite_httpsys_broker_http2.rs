//! The conformance suite over the HTTP.sys server through the broker, HTTP/2 in clear.

#[cfg(unix)]
#[path = "support/http2.rs"]
mod http2;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    use std::sync::Arc;

    use falconry_conformance::{Capability, Subject};
    use falconry_features::Server;
    use falconry_httpsys::{
        Broker, BrokerDriver, BrokerOptions, HttpSysOptions, HttpSysServer, PortableDriver,
    };
    use http2::Http2;

    let runtime = Http2::runtime();
    let socket = std::env::temp_dir().join(format!("falconry-httpsys-http2-{}.sock", std::process::id()));
    let broker = {
        let _guard = runtime.enter();
        Broker::bind(&socket, PortableDriver::new(), BrokerOptions::default()).expect("the broker listens")
    };
    let serving = runtime.spawn(async move { broker.run().await });
    let subject = Subject::with_connector("httpsys through the broker, HTTP/2", {
        let runtime = Arc::clone(&runtime);
        move || {
            let driver = BrokerDriver::new(&socket);
            let server: Arc<dyn Server> =
                Arc::new(HttpSysServer::with_driver(HttpSysOptions::default(), driver));
            let connector = Http2::to(&server, &runtime);
            (server, connector)
        }
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
    let conclusion = falconry_conformance::run(subject.with_all().without(absent));
    // The socket goes with it.
    serving.abort();
    let _ = runtime.block_on(serving);
    conclusion.exit_code()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    ExitCode::SUCCESS
}
