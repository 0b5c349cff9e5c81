//! An encrypted socket.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, ready},
};

use rustls::ServerConnection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::transport::{Socket, Transport};

/// A socket after its handshake. However it ends, unless it is reset, the client is told by close_notify that
/// nothing was cut off.
#[derive(Debug)]
pub(crate) struct TlsStream {
    inner: Box<tokio_rustls::server::TlsStream<Socket>>,
    /// There is nothing more to say: it was said, or shall not be.
    is_ended: AtomicBool,
}

impl TlsStream {
    pub(super) fn new(inner: tokio_rustls::server::TlsStream<Socket>) -> Self {
        Self { inner: Box::new(inner), is_ended: AtomicBool::new(false) }
    }

    pub(super) fn session(&self) -> &ServerConnection {
        self.inner.get_ref().1
    }
}

impl Transport for TlsStream {
    fn reset_on_close(&self) {
        self.is_ended.store(true, Ordering::Relaxed);
        self.inner.get_ref().0.reset_on_close();
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut *self.inner).poll_read(cx, buffer)) {
            // A client that ends without close_notify has ended, too: HTTP knows by itself where a
            // message ends, and many clients leave so.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
            other => Poll::Ready(other),
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.inner).poll_write(cx, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.inner).poll_write_vectored(cx, data)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_ended.store(true, Ordering::Relaxed);
        Pin::new(&mut *self.inner).poll_shutdown(cx)
    }
}

impl Drop for TlsStream {
    fn drop(&mut self) {
        if *self.is_ended.get_mut() || std::thread::panicking() {
            return;
        }
        let (socket, session) = self.inner.get_mut();
        session.send_close_notify();
        // As far as the socket takes it: nobody waits for it here, and the client may have gone.
        while session.wants_write() && session.write_tls(&mut WriteNow(socket)).is_ok_and(|count| count > 0) {
        }
    }
}

/// Writes what the socket takes at once.
struct WriteNow<'a>(&'a mut Socket);

impl io::Write for WriteNow<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.try_write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
