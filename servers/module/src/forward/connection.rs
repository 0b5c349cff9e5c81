//! One connection to a backend, driven by the request that has it.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use hyper::{
    body::Incoming,
    client::conn::http1::{Builder, Connection, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, Sleep};

use super::{
    BackendAddress,
    body::ForwardBody,
    socket::{BackendSocket, Monitor},
};

/// The largest response head, in bytes, as in the original.
const MAX_HEAD_SIZE: usize = 65_536;

/// The most fields of a response.
const MAX_FIELDS: usize = 256;

/// hyper's two ends of a connection in one hand. Nothing is spawned: whoever has the connection polls it, so that a
/// request that is given up takes its connection with it, and what is not read is not taken from the backend.
pub(super) struct BackendConnection {
    sender: SendRequest<ForwardBody>,
    driver: Connection<TokioIo<BackendSocket>, ForwardBody>,
    monitor: Arc<Monitor>,
    has_ended: bool,
    /// True once a request has been answered on it.
    pub(super) is_reused: bool,
    /// Since when it has been idle, for those in the pool.
    pub(super) idle_since: Instant,
    idle: Idle,
}

/// Watches for a time without a byte in either direction.
struct Idle {
    timer: Pin<Box<Sleep>>,
    timeout: Duration,
    seen: (usize, usize),
}

/// The socket after an upgrade, with what the backend had sent ahead.
pub(super) struct Upgraded {
    pub(super) socket: BackendSocket,
    pub(super) received: Bytes,
}

impl BackendConnection {
    pub(super) async fn open(address: &BackendAddress) -> io::Result<Box<Self>> {
        let socket = BackendSocket::connect(address).await?;
        let monitor = Arc::clone(socket.monitor());
        let mut builder = Builder::new();
        builder.max_header_size(MAX_HEAD_SIZE).max_headers(MAX_FIELDS);
        let (sender, driver) = builder.handshake(TokioIo::new(socket)).await.map_err(io::Error::other)?;
        Ok(Box::new(Self {
            sender,
            driver,
            monitor,
            has_ended: false,
            is_reused: false,
            idle_since: Instant::now(),
            idle: Idle {
                timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
                timeout: Duration::ZERO,
                seen: (0, 0),
            },
        }))
    }

    /// True if an idle connection can carry a request: the backend has not closed it, nor sent anything, as far as the
    /// runtime knows, or if `looks`, the system.
    pub(super) fn is_open(&mut self, looks: bool) -> bool {
        if looks {
            self.monitor.ask();
        }
        self.drive(&mut Context::from_waker(Waker::noop()));
        !self.has_ended && self.monitor.is_quiet() && self.sender.is_ready()
    }

    /// Hands a request over; the connection must be driven for it to leave.
    pub(super) fn send(
        &mut self,
        request: Request<ForwardBody>,
    ) -> impl Future<Output = Result<Response<Incoming>, hyper::Error>> + use<> {
        self.sender.send_request(request)
    }

    /// Reads and writes what can be read and written.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        if !self.has_ended {
            // An error is told to whoever waits for the response or reads its body.
            self.has_ended = self.driver.poll_without_shutdown(cx).is_ready();
        }
    }

    /// True if the last response has been read and the last request written, and both sides keep the connection.
    pub(super) fn is_reusable(&mut self, cx: &mut Context<'_>) -> bool {
        self.drive(cx);
        !self.has_ended && self.sender.is_ready()
    }

    /// Has the connection reset when it is dropped.
    pub(super) fn reset(&self) {
        self.monitor.reset();
    }

    /// How many bytes the backend has been sent so far; wraps around.
    pub(super) fn written(&self) -> usize {
        self.monitor.written()
    }

    /// How many bytes the backend has sent so far; wraps around.
    pub(super) fn read(&self) -> usize {
        self.monitor.read()
    }

    /// Counts the backend's time from now on.
    pub(super) fn start_timer(&mut self, timeout: Duration) {
        self.idle.timeout = timeout;
        self.idle.restart((self.monitor.written(), self.monitor.read()));
    }

    /// Completes when no byte has gone either way for the time of [`start_timer`](Self::start_timer).
    pub(super) fn poll_timed_out(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = (self.monitor.written(), self.monitor.read());
        if self.idle.seen != now {
            self.idle.restart(now);
        }
        self.idle.timer.as_mut().poll(cx)
    }

    /// The socket, once the backend has switched protocols.
    pub(super) fn into_upgraded(self) -> Upgraded {
        let parts = self.driver.into_parts();
        Upgraded { socket: parts.io.into_inner(), received: parts.read_buf }
    }
}

impl Idle {
    fn restart(&mut self, seen: (usize, usize)) {
        self.seen = seen;
        // A year is as good as no limit, and tokio has timers for it.
        let timeout = self.timeout.min(Duration::from_secs(365 * 86_400));
        self.timer.as_mut().reset(Instant::now() + timeout);
    }
}
