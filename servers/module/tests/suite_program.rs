//! The conformance suite through the program `falconry-module`: its trials of the contract app, which runs in a process
//! that the module has started.

#![allow(dead_code, unreachable_pub, reason = "what the other test needs as well")]

#[path = "processes/backend.rs"]
mod backend;
#[path = "processes/client.rs"]
mod client;
#[path = "processes/log.rs"]
mod log;
#[path = "processes/module.rs"]
mod module;
#[path = "processes/scratch.rs"]
mod scratch;
#[path = "processes/web_config.rs"]
mod web_config;

use std::process::ExitCode;

use falconry_conformance::{Arguments, Capability};

use crate::{module::Module, web_config::WebConfig};

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
const OF_ONE_HOP: [(&str, &str); 1] = [(
    "contract::an_abort_answers_nothing",
    "the application closes its connection without an answer, which the module answers with 502.3",
)];

fn main() -> ExitCode {
    if let Some(code) = backend::run_if_asked() {
        return code;
    }
    let mut arguments = Arguments::from_args();
    for (trial, reason) in OF_ONE_HOP {
        eprintln!("not of a hop: {trial}: {reason}");
        arguments.skip.push(trial.to_owned());
    }
    let limit = r#"<security><requestFiltering><requestLimits maxAllowedContentLength="4294967295" /></requestFiltering></security>"#;
    let configuration =
        WebConfig::contract().setting("forwardResponseConnectionHeader", "true").element(limit);
    let module = Module::start(&configuration);
    let capabilities = Capability::ALL.iter().copied().filter(|capability| !LOST.contains(capability));
    match falconry_conformance::run_against(&arguments, &format!("http://{}", module.address()), capabilities)
    {
        Ok(conclusion) => conclusion.exit_code(),
        Err(error) => {
            eprintln!("the module cannot be examined: {error}");
            ExitCode::FAILURE
        }
    }
}
