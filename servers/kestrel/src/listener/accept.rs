//! Accepting connections.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use falconry_features::CancellationToken;
use tokio::net::TcpListener;

use super::{Current, Manner};
use crate::{
    connection::{Aging, ConnectionShared},
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
}

#[derive(Debug)]
enum ListeningSocket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(
        tokio::net::UnixListener,
        #[expect(dead_code, reason = "dropping it removes the file")] Option<SocketFile>,
    ),
}

/// The file of a unix socket; it goes with the socket.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Listener {
    pub(super) fn tcp(socket: std::net::TcpListener, no_delay: bool) -> io::Result<Self> {
        let socket = ListeningSocket::Tcp(TcpListener::from_std(socket)?);
        Ok(Self { socket, no_delay })
    }

    #[cfg(unix)]
    pub(super) fn unix(socket: std::os::unix::net::UnixListener, file: Option<PathBuf>) -> io::Result<Self> {
        let socket = tokio::net::UnixListener::from_std(socket)?;
        let socket = ListeningSocket::Unix(socket, file.map(SocketFile));
        Ok(Self { socket, no_delay: false })
    }

    /// The IP address that is listened on.
    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match &self.socket {
            ListeningSocket::Tcp(socket) => socket.local_addr().ok(),
            #[cfg(unix)]
            ListeningSocket::Unix(..) => None,
        }
    }

    /// Accepts until `ends` fires; what the system has accepted by then is served, too.
    pub(crate) async fn accept_all(
        self,
        manner: Arc<Manner>,
        ends: CancellationToken,
        server: Arc<ServerShared>,
    ) {
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
        }
    }

    fn serve(&self, socket: Socket, manner: &Manner, server: &Arc<ServerShared>) {
        if let Socket::Tcp(stream) = &socket
            && self.no_delay
        {
            // Only slower without it.
            let _ = stream.set_nodelay(true);
        }
        let Current { security, group } = manner.current();
        let endpoints = socket.endpoints();
        let shared = ConnectionShared::new(Arc::clone(server), endpoints, security.scheme());
        shared.observed.begin(&server.options, || ConnectionTags::of(&socket, endpoints));
        let Some(open) = server.connections.open(Arc::clone(&shared), group) else {
            events::connection_rejected(&shared);
            shared.observed.rejected(error_type::MAX_CONNECTIONS);
            return;
        };
        events::connection_accepted(&shared);
        shared.observed.queued();
        tokio::spawn(async move {
            open.begin();
            let served = security.serve(socket, Arc::clone(&open.shared));
            Aging::new(served, &open.shared).await;
            open.shared.lifetime.end().await;
            drop(open);
        });
    }
}

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
