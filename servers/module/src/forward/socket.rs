//! The socket to a backend, and what is watched on it.

use std::{
    io::{self, IoSlice},
    mem::MaybeUninit,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::BackendAddress;

/// A connected socket that counts its bytes and can be asked whether the backend is still there.
#[derive(Debug)]
pub(super) struct BackendSocket {
    inner: Inner,
    monitor: Arc<Monitor>,
}

#[derive(Debug)]
enum Inner {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

/// What is known of a socket that the protocol owns.
#[derive(Debug, Default)]
pub(super) struct Monitor {
    /// Wrap around: only differences count.
    written: AtomicUsize,
    read: AtomicUsize,
    has_unflushed: AtomicBool,
    probe: AtomicU8,
    is_reset: AtomicBool,
}

/// A probe is not asked for, or was answered: the peer has neither closed nor sent.
const QUIET: u8 = 0;
/// The next read only looks.
const ASKED: u8 = 1;
/// The peer has closed, or sent what nobody asked for.
const SPOILT: u8 = 2;

impl BackendSocket {
    pub(super) async fn connect(address: &BackendAddress) -> io::Result<Self> {
        let inner = match address {
            BackendAddress::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Inner::Tcp(stream)
            }
            #[cfg(unix)]
            BackendAddress::Unix(path) => Inner::Unix(tokio::net::UnixStream::connect(path).await?),
        };
        Ok(Self { inner, monitor: Arc::default() })
    }

    pub(super) fn monitor(&self) -> &Arc<Monitor> {
        &self.monitor
    }

    /// Asks the system, not the runtime, which may not have seen an end that has just come.
    fn look(&self) -> u8 {
        let mut byte = [MaybeUninit::uninit()];
        let seen = match &self.inner {
            Inner::Tcp(stream) => socket2::SockRef::from(stream).peek(&mut byte),
            #[cfg(unix)]
            Inner::Unix(stream) => socket2::SockRef::from(stream).peek(&mut byte),
        };
        match seen {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => QUIET,
            _ => SPOILT,
        }
    }
}

impl Monitor {
    /// Makes the next read look at the socket without reading.
    pub(super) fn ask(&self) {
        self.probe.store(ASKED, Ordering::Relaxed);
    }

    /// Whether the look has found the connection fit for a request.
    pub(super) fn is_quiet(&self) -> bool {
        self.probe.load(Ordering::Relaxed) == QUIET
    }

    /// Has the socket reset when it is dropped.
    pub(super) fn reset(&self) {
        self.is_reset.store(true, Ordering::Relaxed);
    }

    /// True if hyper has nothing that it still wants to write.
    pub(super) fn is_flushed(&self) -> bool {
        !self.has_unflushed.load(Ordering::Relaxed)
    }

    /// Grows with every byte written, and wraps around.
    pub(super) fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }

    /// Grows with every byte read, and wraps around.
    pub(super) fn read(&self) -> usize {
        self.read.load(Ordering::Relaxed)
    }

    fn count(counter: &AtomicUsize, bytes: usize) {
        // One task at a time has the connection; a load and a store are cheaper than an addition.
        counter.store(counter.load(Ordering::Relaxed).wrapping_add(bytes), Ordering::Relaxed);
    }
}

impl Drop for BackendSocket {
    fn drop(&mut self) {
        if self.monitor.is_reset.load(Ordering::Relaxed)
            && let Inner::Tcp(stream) = &self.inner
        {
            // If it cannot be set, the connection is closed in the ordinary way.
            let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
        }
    }
}

/// Runs `$call` on the stream within.
macro_rules! on_stream {
    ($socket:expr, $stream:ident => $call:expr) => {
        match &mut $socket.inner {
            Inner::Tcp($stream) => $call,
            #[cfg(unix)]
            Inner::Unix($stream) => $call,
        }
    };
}

impl AsyncRead for BackendSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.monitor.probe.load(Ordering::Relaxed) == ASKED {
            self.monitor.probe.store(self.look(), Ordering::Relaxed);
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        ready!(on_stream!(self, stream => Pin::new(stream).poll_read(cx, buffer)))?;
        Monitor::count(&self.monitor.read, buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for BackendSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.monitor.has_unflushed.store(true, Ordering::Relaxed);
        let count = ready!(on_stream!(self, stream => Pin::new(stream).poll_write(cx, data)))?;
        Monitor::count(&self.monitor.written, count);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.monitor.has_unflushed.store(true, Ordering::Relaxed);
        let count = ready!(on_stream!(self, stream => Pin::new(stream).poll_write_vectored(cx, data)))?;
        Monitor::count(&self.monitor.written, count);
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(on_stream!(self, stream => Pin::new(stream).poll_flush(cx)))?;
        // hyper flushes when it has written all that it had.
        self.monitor.has_unflushed.store(false, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
