//! The contract app for the nginx module: `cargo xtask nginx-module` builds and serves it.
//!
//! It is `examples/contract.rs` of the workspace as a library.

use falconry::{HostError, WebHost};
use falconry_conformance::contract;

/// Runs the app: in a worker of nginx, or wherever it is called.
pub async fn run() -> Result<(), HostError> {
    contract::run(WebHost::builder().args(std::env::args())).await
}

falconry::export_app!(run);
