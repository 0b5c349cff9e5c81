//! The conformance suite over the HTTP.sys server on the portable driver, HTTP/1.1. Applications run in the tasks of their
//! connections; `suite_httpsys_tasks` has them in tasks of their own.

use std::process::ExitCode;

use falconry_conformance::{Capability, Subject};
use falconry_httpsys::{HttpSysOptions, HttpSysServer, PortableDriver};

fn main() -> ExitCode {
    let subject = Subject::new("httpsys", || {
        HttpSysServer::with_driver(HttpSysOptions::default(), PortableDriver::new())
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
