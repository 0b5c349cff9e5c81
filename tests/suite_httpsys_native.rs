//! The conformance suite over the HTTP.sys server on the native driver: `cargo xtask windows test` runs it under Wine.

use std::process::ExitCode;

#[cfg(not(windows))]
fn main() -> ExitCode {
    // There is nothing to examine.
    ExitCode::SUCCESS
}

#[cfg(windows)]
fn main() -> ExitCode {
    use falconry_conformance::{Capability, Subject};
    use falconry_httpsys::{HttpSysOptions, HttpSysServer};

    let subject = Subject::new("httpsys", || HttpSysServer::new(HttpSysOptions::default()).expect("the system has HTTP.sys"));
    falconry_conformance::run(subject.with([Capability::KeepAlive, Capability::Addresses])).exit_code()
}
