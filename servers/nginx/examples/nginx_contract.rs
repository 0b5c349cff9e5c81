//! The contract app for the nginx module: `cargo xtask nginx-module` builds and serves it.
//!
//! It is `examples/contract.rs` of the workspace as a library.

use std::sync::{Arc, OnceLock};

use falconry::{HostError, WebHost};
use falconry_conformance::contract;

/// Runs the app: in a worker of nginx, or wherever it is called.
pub async fn run() -> Result<(), HostError> {
    let server = Arc::new(OnceLock::new());
    let builder = WebHost::builder().args(std::env::args());
    let stopping = builder.lifetime().stopping().clone();
    let host = builder.build(contract::app_until(Arc::clone(&server), stopping))?;
    server.get_or_init(|| host.server_name().to_owned());
    host.run_until_stopped().await
}

falconry::export_app!(run);
