//! What the peers of `cargo xtask bench` have in common; see `benches/peers`.
//!
//! Each peer serves the same three paths: `/` says hello, `/big` sends [`BIG`], `/upload` reads a body and answers with
//! its length.

use std::net::SocketAddr;

/// What `/` answers.
pub const HELLO: &str = "Hello World!";

/// Worker threads of every peer.
pub const WORKERS: usize = 2;

/// What `/big` answers: 1 MiB.
pub static BIG: [u8; 1024 * 1024] = [b'x'; 1024 * 1024];

/// Tells `cargo xtask bench` the port; called once the peer is accepting.
pub fn announce(address: SocketAddr) {
    println!("{}", address.port());
}

/// A runtime of [`WORKERS`] threads.
///
/// # Panics
/// The system has no threads to give.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .expect("the system gives threads")
}
