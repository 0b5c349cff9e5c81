//! A server with HTTP/3, and clients, for the tests of HTTP/3.
#![allow(dead_code, reason = "each test program uses a part")]

#[path = "../h2/app/mod.rs"]
pub(crate) mod app;
#[path = "../certificates.rs"]
pub(crate) mod certificates;
pub(crate) mod client;
pub(crate) mod raw;
pub(crate) mod server;

pub(crate) use self::{client::Client, raw::Raw, server::Server};

/// Completes when this is so.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}
