//! [`DuplexIo`]: a stream of the contract as what tokio reads and writes.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use falconry_features::DuplexStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The stream of an upgrade or an accepted CONNECT as [`AsyncRead`] and [`AsyncWrite`].
///
/// ```
/// use falconry::{DuplexIo, HttpContext, Result};
/// use tokio::io::AsyncWriteExt;
///
/// async fn shout(ctx: &mut HttpContext) -> Result<()> {
///     ctx.response_mut().set_header("upgrade", "shouting")?;
///     let mut stream = DuplexIo::new(ctx.upgrade().await?);
///     stream.write_all(b"HELLO").await?;
///     Ok(stream.shutdown().await?)
/// }
/// # drop(shout);
/// ```
pub struct DuplexIo {
    stream: Box<dyn DuplexStream>,
}

impl DuplexIo {
    /// Wraps a stream.
    pub fn new(stream: Box<dyn DuplexStream>) -> Self {
        Self { stream }
    }

    /// The stream itself.
    pub fn into_inner(self) -> Box<dyn DuplexStream> {
        self.stream
    }
}

impl AsyncRead for DuplexIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let length = ready!(self.stream.poll_read(cx, buffer.initialize_unfilled()))?;
        buffer.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for DuplexIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.stream.poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_shutdown(cx)
    }
}

impl From<Box<dyn DuplexStream>> for DuplexIo {
    fn from(stream: Box<dyn DuplexStream>) -> Self {
        Self::new(stream)
    }
}

impl fmt::Debug for DuplexIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DuplexIo").finish_non_exhaustive()
    }
}
