//! Bytes in and out: the sockets under the protocols.

mod socket;

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};

pub(crate) use self::socket::Socket;

/// A connected byte stream of any kind.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// The next close is an abort: the peer sees a reset instead of an orderly end, where the
    /// transport has such a thing.
    fn reset_on_close(&self);
}

/// Both ends of a connection; `None` where the transport has no IP addresses.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Endpoints {
    pub(crate) local: Option<SocketAddr>,
    pub(crate) remote: Option<SocketAddr>,
}
