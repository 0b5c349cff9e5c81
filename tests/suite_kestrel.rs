//! The conformance suite over Kestrel, HTTP/1.1.

use std::process::ExitCode;

use falconry_conformance::Subject;
use falconry_kestrel::{KestrelServer, KestrelServerOptions};

fn main() -> ExitCode {
    let subject = Subject::new("kestrel", || KestrelServer::new(KestrelServerOptions::default()));
    falconry_conformance::run(subject.with_all()).exit_code()
}
