//! The conformance suite over the module: the client talks to the module, the application runs behind it.

#[path = "module_forward/front.rs"]
mod front;

use std::process::ExitCode;

use falconry_conformance::{Arguments, Capability, Subject};
use falconry_kestrel::KestrelServerOptions;
use falconry_module::forward::ForwardOptions;

/// What the application cannot see behind a hop.
const LOST: [Capability; 4] = [
    // The connection is the one between the module and the application, and other clients share it.
    Capability::ConnectionInfo,
    // Its ends are those of the module; the client's address comes in X-Forwarded-For.
    Capability::EndpointInfo,
    // Whose requests share a connection to the application is the module's matter.
    Capability::PersistentState,
    Capability::Heartbeat,
];

/// Trials whose rule ends at a hop, and why.
const OF_ONE_HOP: [(&str, &str); 10] = [
    ("abort::an_abort_before_the_start_answers_nothing", SILENT),
    ("abort::an_abort_fires_the_token", SILENT),
    ("abort::an_abort_touches_no_other_request", SILENT),
    ("errors::an_error_cuts_even_what_was_not_flushed", SILENT),
    ("framing::writing_more_than_the_length_is_refused", SILENT),
    ("contract::an_abort_answers_nothing", SILENT),
    ("request::http_1_0_is_reported", "the hop has a version of its own (RFC 9112 section 2.3)"),
    (
        "informational::a_client_of_http_1_0_gets_none",
        "so the application may send them, and the module drops them",
    ),
    ("fields::fifty_fields_arrive", "the module adds X-Forwarded-For and X-Forwarded-Proto"),
    (
        "trailers::trailers_do_not_become_fields",
        "its trailer is not announced, and hyper sends announced ones only (RFC 9110 section 6.6.2)",
    ),
];

const SILENT: &str =
    "the application closes its connection without an answer, which the module answers with 502.3";

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    for (trial, reason) in OF_ONE_HOP {
        eprintln!("not of a hop: {trial}: {reason}");
        arguments.skip.push(trial.to_owned());
    }
    let subject = Subject::new("module", || {
        let mut options = ForwardOptions::default();
        // The application's own limit is under examination, and whether it can close the client's connection.
        options.max_request_body_size = None;
        options.forward_response_connection_header = true;
        front::Module::new(KestrelServerOptions::default(), options)
    });
    falconry_conformance::run_with(&arguments, subject.with_all().without(LOST)).exit_code()
}
