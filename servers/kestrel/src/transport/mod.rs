//! Bytes in and out: the sockets under the protocols.

mod endpoints;
#[cfg(windows)]
mod pipe;
mod socket;

use tokio::io::{AsyncRead, AsyncWrite};

#[cfg(windows)]
pub(crate) use self::pipe::PipeStream;
pub(crate) use self::{
    endpoints::{Endpoints, TrueEndpoints},
    socket::Socket,
};

/// A connected byte stream of any kind: a socket, or what connection middleware puts around one.
///
/// ```
/// use std::{io, pin::Pin, task::{Context, Poll}};
///
/// use falconry_kestrel::ConnectionTransport;
/// use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
///
/// /// Does nothing but stand around another.
/// struct Around(Box<dyn ConnectionTransport>);
///
/// impl AsyncRead for Around {
///     fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
///         Pin::new(&mut self.0).poll_read(cx, buffer)
///     }
/// }
/// # impl AsyncWrite for Around {
/// #     fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
/// #         Pin::new(&mut self.0).poll_write(cx, data)
/// #     }
/// #     fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
/// #         Pin::new(&mut self.0).poll_flush(cx)
/// #     }
/// #     fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
/// #         Pin::new(&mut self.0).poll_shutdown(cx)
/// #     }
/// # }
///
/// // ... and `AsyncWrite` in the same way.
/// impl ConnectionTransport for Around {
///     fn reset_on_close(&self) {
///         self.0.reset_on_close();
///     }
/// }
/// ```
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// The next close is an abort: the peer sees a reset instead of an orderly end, where the transport has such a thing.
    /// One that stands around another hands this on. Default: nothing happens.
    fn reset_on_close(&self) {}
}
