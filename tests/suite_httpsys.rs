//! The conformance suite over the HTTP.sys server on the portable driver, HTTP/1.1.
//!
//! `FALCONRY_HTTPSYS_SCHEDULING=tasks` runs applications in tasks of their own, as the native driver does.

use std::process::ExitCode;

use falconry_conformance::{Capability, Subject};
use falconry_httpsys::{HttpSysOptions, HttpSysServer, PortableDriver};

fn main() -> ExitCode {
    let in_tasks = std::env::var("FALCONRY_HTTPSYS_SCHEDULING").is_ok_and(|value| value == "tasks");
    let subject = Subject::new("httpsys", move || {
        let mut options = HttpSysOptions::default();
        options.unsafe_prefer_inline_scheduling = Some(!in_tasks);
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
