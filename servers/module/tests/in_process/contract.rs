//! The contract app as a library for the module's worker.
//!
//! It is `examples/contract.rs` of the workspace, run by the worker and not by a `main`.

use std::sync::{Arc, OnceLock};

use falconry::{HostError, WebHost};
use falconry_conformance::contract;

async fn run() -> Result<(), HostError> {
    let server = Arc::new(OnceLock::new());
    let builder = WebHost::builder();
    let stopping = builder.lifetime().stopping().clone();
    let host = builder.build(contract::app_until(Arc::clone(&server), stopping))?;
    server.get_or_init(|| host.server_name().to_owned());
    host.run_until_stopped().await
}

falconry::export_app!(run);
