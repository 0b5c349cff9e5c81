//! The conformance suite over the HTTP.sys server through the broker, HTTP/1.1.

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    use falconry_conformance::{Capability, Subject};
    use falconry_httpsys::{
        Broker, BrokerDriver, BrokerOptions, HttpSysOptions, HttpSysServer, PortableDriver,
    };

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let socket = std::env::temp_dir().join(format!("falconry-httpsys-suite-{}.sock", std::process::id()));
    let broker = {
        let _guard = runtime.enter();
        Broker::bind(&socket, PortableDriver::new(), BrokerOptions::default()).expect("the broker listens")
    };
    let serving = runtime.spawn(async move { broker.run().await });
    let subject = Subject::new("httpsys through the broker", move || {
        HttpSysServer::with_driver(HttpSysOptions::default(), BrokerDriver::new(&socket))
    });
    // The HTTP Server API has none of these on HTTP/1.1.
    let absent = [
        Capability::RequestTrailers,
        Capability::ResponseTrailers,
        Capability::Informational,
        Capability::PersistentState,
        Capability::Heartbeat,
    ];
    let conclusion = falconry_conformance::run(subject.with_all().without(absent));
    serving.abort();
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    conclusion.exit_code()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    ExitCode::SUCCESS
}
