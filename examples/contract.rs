//! The contract app on any server: one program that every suite talks to.
//!
//! ```text
//! cargo run --example contract -- --server kestrel --urls http://127.0.0.1:5000
//! ```
//!
//! With `--features httpsys` also `--server httpsys --urls http://localhost:5000/prefix/`, through `falconry-httpsysd` with
//! `HttpSys:Broker=PATH`.
//!
//! `falconry_conformance::contract` lists its routes. `--config FILE` and `key=value` set options.

use falconry::{HostError, WebHost};
use falconry_conformance::contract;

#[tokio::main]
pub(crate) async fn main() -> Result<(), HostError> {
    contract::run(WebHost::builder().args(std::env::args())).await
}
