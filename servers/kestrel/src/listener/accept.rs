//! Accepting connections.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use falconry_features::CancellationToken;
use tokio::net::TcpListener;

use super::Manner;
#[cfg(feature = "http3")]
use crate::http3::QuicListener;
use crate::{
    connection::{ConnectionShared, live},
    events,
    metrics::{ConnectionTags, error_type},
    server::ServerShared,
    transport::Socket,
};

/// How long to wait when the system has no more file descriptors or memory.
const BACK_OFF: Duration = Duration::from_millis(100);

/// One listening socket.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: ListeningSocket,
    no_delay: bool,
    /// What tells clients of HTTP/3 beside this socket.
    #[cfg(feature = "http3")]
    pub(super) alt_svc: Option<http::HeaderValue>,
}

#[derive(Debug)]
enum ListeningSocket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(
        tokio::net::UnixListener,
        #[expect(dead_code, reason = "dropping it removes the file")] Option<SocketFile>,
    ),
    #[cfg(windows)]
    Pipe(super::pipe::PipeListener),
    #[cfg(feature = "http3")]
    Quic(QuicListener),
}

/// The file of a unix socket; it goes with the socket.
#[cfg(unix)]
#[derive(Debug)]
struct SocketFile(std::path::PathBuf);

impl Listener {
    pub(super) fn tcp(socket: std::net::TcpListener, no_delay: bool) -> io::Result<Self> {
        let socket = ListeningSocket::Tcp(TcpListener::from_std(socket)?);
        Ok(Self::new(socket, no_delay))
    }

    #[cfg(unix)]
    pub(super) fn unix(
        socket: std::os::unix::net::UnixListener,
        file: Option<std::path::PathBuf>,
    ) -> io::Result<Self> {
        let socket = tokio::net::UnixListener::from_std(socket)?;
        let socket = ListeningSocket::Unix(socket, file.map(SocketFile));
        Ok(Self::new(socket, false))
    }

    fn new(socket: ListeningSocket, no_delay: bool) -> Self {
        Self {
            socket,
            no_delay,
            #[cfg(feature = "http3")]
            alt_svc: None,
        }
    }

    /// The IP address that is listened on.
    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match &self.socket {
            ListeningSocket::Tcp(socket) => socket.local_addr().ok(),
            #[cfg(unix)]
            ListeningSocket::Unix(..) => None,
            #[cfg(windows)]
            ListeningSocket::Pipe(_) => None,
            #[cfg(feature = "http3")]
            ListeningSocket::Quic(quic) => Some(quic.local_addr()),
        }
    }

    /// Accepts until `ends` fires; what the system has accepted by then is served, too.
    pub(crate) async fn accept_all(
        self,
        manner: Arc<Manner>,
        ends: CancellationToken,
        server: Arc<ServerShared>,
    ) {
        #[cfg(feature = "http3")]
        if let ListeningSocket::Quic(quic) = self.socket {
            return quic.accept_all(manner, ends, server).await;
        }
        let mut ended = ends.cancelled();
        let mut is_failing = false;
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut ended => break,
                accepted = std::future::poll_fn(|cx| self.poll_accept(cx)) => accepted,
            };
            match accepted {
                Ok(socket) => {
                    if std::mem::take(&mut is_failing) {
                        events::accept_recovered();
                    }
                    self.serve(socket, &manner, &server);
                }
                Err(error) if is_connections_own(&error) => {}
                Err(error) => {
                    if !std::mem::replace(&mut is_failing, true) {
                        events::accept_failed(&error);
                    }
                    tokio::time::sleep(BACK_OFF).await;
                }
            }
        }
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Ok(socket)) = self.poll_accept(&mut cx) {
            self.serve(socket, &manner, &server);
        }
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Socket>> {
        match &self.socket {
            ListeningSocket::Tcp(socket) => socket.poll_accept(cx).map_ok(|(stream, _)| Socket::Tcp(stream)),
            #[cfg(unix)]
            ListeningSocket::Unix(socket, _) => {
                socket.poll_accept(cx).map_ok(|(stream, _)| Socket::Unix(stream))
            }
            #[cfg(windows)]
            ListeningSocket::Pipe(pipe) => pipe.poll_accept(cx).map_ok(Socket::Pipe),
            // It accepts by itself.
            #[cfg(feature = "http3")]
            ListeningSocket::Quic(_) => Poll::Pending,
        }
    }

    fn serve(&self, socket: Socket, manner: &Manner, server: &Arc<ServerShared>) {
        if let Socket::Tcp(stream) = &socket
            && self.no_delay
        {
            // Only slower without it.
            let _ = stream.set_nodelay(true);
        }
        let current = manner.current();
        let endpoints = socket.endpoints();
        let shared = ConnectionShared::new(Arc::clone(server), endpoints, current.security.scheme());
        #[cfg(feature = "http3")]
        if let Some(alt_svc) = self.alt_svc.clone().filter(|_| current.announces_quic()) {
            shared.alt_svc.get_or_init(|| alt_svc);
        }
        shared.observed.begin(&shared.options, || ConnectionTags::of(&socket, endpoints));
        let Some(open) = server.connections.open(Arc::clone(&shared), current.group) else {
            events::connection_rejected(&shared);
            shared.observed.rejected(error_type::MAX_CONNECTIONS);
            return;
        };
        events::connection_accepted(&shared);
        shared.observed.queued();
        tokio::spawn(async move {
            open.begin();
            let served = current.serve(socket, Arc::clone(&open.shared));
            live(served, &open.shared).await;
            open.shared.lifetime.end().await;
            drop(open);
        });
    }
}

#[cfg(windows)]
impl From<super::pipe::PipeListener> for Listener {
    fn from(pipe: super::pipe::PipeListener) -> Self {
        Self::new(ListeningSocket::Pipe(pipe), false)
    }
}

#[cfg(feature = "http3")]
impl From<QuicListener> for Listener {
    fn from(quic: QuicListener) -> Self {
        Self::new(ListeningSocket::Quic(quic), false)
    }
}

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        // Somebody may have removed it already.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// True if only the connection to be accepted has failed, not the listening socket.
fn is_connections_own(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset
    )
}
