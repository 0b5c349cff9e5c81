//! The conformance suite over the application in a worker of an nginx built from its source, HTTP/3.
//!
//! It runs inside the worker: `tests/nginx/suite.rs`.

#[path = "support/skip.rs"]
mod skip;
#[cfg(unix)]
#[path = "nginx/support/mod.rs"]
mod support;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    if let Some(reason) = support::missing() {
        skip::skip("suite_nginx_http3", reason);
        return ExitCode::SUCCESS;
    }
    support::suite::main(support::Which::Vendored, support::suite::Protocol::Http3)
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    skip::skip("suite_nginx_http3", "the module is for unix");
    ExitCode::SUCCESS
}
