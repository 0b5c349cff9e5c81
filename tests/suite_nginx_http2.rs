//! The conformance suite over the application in a worker of the installed nginx, HTTP/2 in clear.
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
        skip::skip("suite_nginx_http2", reason);
        return ExitCode::SUCCESS;
    }
    support::suite::main(support::Which::Installed, support::suite::Protocol::Http2)
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    skip::skip("suite_nginx_http2", "the module is for unix");
    ExitCode::SUCCESS
}
