//! The conformance suite through the worker: the trials that need nothing but HTTP.

mod support;

use std::process::ExitCode;

use falconry_conformance::{Arguments, Capability, run_against};

use self::support::Worker;

/// What IIS's native interfaces do not offer modules on HTTP/1.1.
const ABSENT: [Capability; 3] =
    [Capability::Informational, Capability::RequestTrailers, Capability::ResponseTrailers];

fn main() -> ExitCode {
    let Some(worker) = Worker::start("the suite through the IIS worker") else { return ExitCode::SUCCESS };
    let capabilities = Capability::ALL.iter().copied().filter(|capability| !ABSENT.contains(capability));
    let conclusion = run_against(&Arguments::from_args(), &worker.url, capabilities);
    worker.end();
    conclusion.expect("the worker can be examined").exit_code()
}
