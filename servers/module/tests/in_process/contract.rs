//! The contract app as a library for the module's worker.
//!
//! It is `examples/contract.rs` of the workspace, run by the worker and not by a `main`.

use falconry::{HostError, WebHost};
use falconry_conformance::contract;

async fn run() -> Result<(), HostError> {
    contract::run(WebHost::builder()).await
}

falconry::export_app!(run);
