//! The conformance suite over the HTTP.sys server on the portable driver, HTTP/1.1. Applications run in tasks of their own,
//! as on the native driver; `suite_httpsys` has them in those of their connections.

use std::process::ExitCode;

use falconry_conformance::{Capability, Subject};
use falconry_httpsys::{HttpSysOptions, HttpSysServer, PortableDriver};

fn main() -> ExitCode {
    let subject = Subject::new("httpsys in tasks", || {
        let mut options = HttpSysOptions::default();
        options.unsafe_prefer_inline_scheduling = Some(false);
        HttpSysServer::with_driver(options, PortableDriver::new())
    });
    // The HTTP Server API has none of these on HTTP/1.1.
    let absent = [
        Capability::RequestTrailers,
        Capability::ResponseTrailers,
        Capability::Informational,
        Capability::PersistentState,
        Capability::Heartbeat,
    ];
    falconry_conformance::run(subject.with_all().without(absent)).exit_code()
}
