//! A server of one's own: written from scratch on blocking sockets and threads, without a runtime.
//!
//! ```text
//! cargo run --example custom_server
//! ```
//!
//! Everything about the server is in `server.rs`; it knows the contract (`falconry_features`) and nothing
//! of applications. `docs/guide/custom-server.md` walks through it. The same file passes the conformance
//! suite and the raw cases: see `tests/suite_custom_server.rs` and `tests/h1_raw_custom_server.rs`.

mod server;

use falconry::{HostError, HttpContext, Result, WebHost};

use crate::server::ThreadServer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<(), HostError> {
    WebHost::builder().args(std::env::args()).server(ThreadServer::new()).run(hello).await
}

async fn hello(ctx: &mut HttpContext) -> Result {
    let thread = std::thread::current().id();
    ctx.response_mut().write(format!("Hello from {thread:?}!\n")).await
}
