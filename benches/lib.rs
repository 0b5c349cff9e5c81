//! What the peers of `cargo xtask bench` have in common; see `benches/peers`.
//!
//! Each peer serves the same three paths: `/` says hello, `/big` sends [`BIG`], `/upload` reads a body and answers with
//! its length. What a peer listens for is its first argument: see [`Listen`].

use std::{env, net::SocketAddr, path::PathBuf};

/// What `/` answers.
pub const HELLO: &str = "Hello World!";

/// Worker threads of every peer.
pub const WORKERS: usize = 2;

/// What `/big` answers: 1 MiB.
pub static BIG: [u8; 1024 * 1024] = [b'x'; 1024 * 1024];

/// What a peer serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// HTTP/1.1 in clear: no argument.
    Http1,
    /// HTTP/2 in clear, by prior knowledge: `http2`.
    Http2,
    /// HTTP/1.1 and HTTP/2 over TLS: `tls CERTIFICATE KEY`, both PEM files.
    Tls {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with its key.
        key: PathBuf,
    },
}

impl Listen {
    /// What the command line asks for.
    ///
    /// # Panics
    /// It asks for something else.
    pub fn from_command_line() -> Self {
        let mut arguments = env::args().skip(1);
        match (arguments.next().as_deref(), arguments.next(), arguments.next()) {
            (None, ..) => Self::Http1,
            (Some("http2"), ..) => Self::Http2,
            (Some("tls"), Some(certificate), Some(key)) => {
                Self::Tls { certificate: certificate.into(), key: key.into() }
            }
            other => panic!("{other:?} is neither nothing nor `http2` nor `tls CERTIFICATE KEY`"),
        }
    }
}

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
