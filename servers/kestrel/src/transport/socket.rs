//! TCP and unix sockets and named pipes as one type.

use std::{
    fmt,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::{Endpoints, Transport};

/// An accepted socket, or what stands around one.
pub(crate) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
    #[cfg(windows)]
    Pipe(super::PipeStream),
    /// Only where there is connection middleware: nobody else pays for the indirection.
    Boxed(Box<dyn Transport>),
}

impl Socket {
    pub(crate) fn endpoints(&self) -> Endpoints {
        match self {
            Self::Tcp(stream) => {
                Endpoints { local: stream.local_addr().ok(), remote: stream.peer_addr().ok() }
            }
            #[cfg(unix)]
            Self::Unix(_) => Endpoints::default(),
            #[cfg(windows)]
            Self::Pipe(_) => Endpoints::default(),
            Self::Boxed(_) => Endpoints::default(),
        }
    }

    /// The path of the unix socket, or the name of the pipe, that was connected to.
    pub(crate) fn local_path(&self) -> Option<String> {
        match self {
            Self::Tcp(_) | Self::Boxed(_) => None,
            #[cfg(unix)]
            Self::Unix(stream) => {
                let address = stream.local_addr().ok()?;
                Some(address.as_pathname()?.to_string_lossy().into_owned())
            }
            #[cfg(windows)]
            Self::Pipe(stream) => Some(stream.name().to_owned()),
        }
    }

    /// `network.transport` of the metrics.
    pub(crate) fn transport_name(&self) -> &'static str {
        match self {
            Self::Tcp(_) => "tcp",
            #[cfg(unix)]
            Self::Unix(_) => "unix",
            #[cfg(windows)]
            Self::Pipe(_) => "pipe",
            Self::Boxed(_) => "other",
        }
    }
}

#[cfg(feature = "tls")]
impl Socket {
    /// Writes what the system takes at once.
    pub(crate) fn try_write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(data),
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_write(data),
            #[cfg(windows)]
            Self::Pipe(stream) => stream.try_write(data),
            Self::Boxed(stream) => {
                // Whoever waits for it later is not there any more: this is the last that is written.
                let mut cx = Context::from_waker(std::task::Waker::noop());
                match Pin::new(stream).poll_write(&mut cx, data) {
                    Poll::Ready(written) => written,
                    Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
                }
            }
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Socket").field(&self.transport_name()).finish()
    }
}

impl Transport for Socket {
    fn reset_on_close(&self) {
        match self {
            Self::Tcp(stream) => {
                // A failure means that the socket is gone already.
                let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
            }
            #[cfg(unix)]
            Self::Unix(_) => {}
            #[cfg(windows)]
            Self::Pipe(stream) => stream.reset_on_close(),
            Self::Boxed(stream) => stream.reset_on_close(),
        }
    }
}

macro_rules! each {
    ($socket:expr, $stream:ident => $call:expr) => {
        match $socket {
            Socket::Tcp($stream) => $call,
            #[cfg(unix)]
            Socket::Unix($stream) => $call,
            #[cfg(windows)]
            Socket::Pipe($stream) => $call,
            Socket::Boxed($stream) => $call,
        }
    };
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_write(cx, data))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_write_vectored(cx, data))
    }

    fn is_write_vectored(&self) -> bool {
        each!(self, stream => stream.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(cx))
    }
}
