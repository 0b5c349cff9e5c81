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
    client::conn::http1::{Builder, Connection, Parts, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, Sleep};

use super::{
    BackendAddress,
    body::ForwardBody,
    socket::{BackendSocket, Monitor},
    trailers::{TrailerIo, TrailerSlot},
};

/// The largest response head, in bytes, as in the original.
const MAX_HEAD_SIZE: usize = 65_536;

/// The most fields of a response.
const MAX_FIELDS: usize = 256;

/// hyper's two ends of a connection in one hand. Nothing is spawned: whoever has the connection polls it, so that a
/// request that is given up takes its connection with it, and what is not read is not taken from the backend.
pub(super) struct BackendConnection {
    sender: SendRequest<ForwardBody>,
    driver: Driver,
    monitor: Arc<Monitor>,
    trailers: Arc<TrailerSlot>,
    /// True once a request has been answered on it.
    pub(super) is_reused: bool,
    /// Since when it has been idle, for those in the pool.
    pub(super) idle_since: Instant,
    idle: Idle,
}

/// What moves the bytes.
#[expect(clippy::large_enum_variant, reason = "nearly all are running, and the connection is in a box")]
enum Driver {
    Running(Connection<TokioIo<TrailerIo<BackendSocket>>, ForwardBody>),
    /// hyper's side is gone, with every request that it had not taken: that is how their futures learn of the end. The
    /// socket is left, unless it failed.
    Ended(Option<Parts<TokioIo<TrailerIo<BackendSocket>>>>),
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
        let io = TrailerIo::new(socket);
        let trailers = Arc::clone(io.slot());
        let mut builder = Builder::new();
        builder.max_header_size(MAX_HEAD_SIZE).max_headers(MAX_FIELDS);
        let (sender, driver) = builder.handshake(TokioIo::new(io)).await.map_err(io::Error::other)?;
        Ok(Box::new(Self {
            sender,
            driver: Driver::Running(driver),
            monitor,
            trailers,
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
        !self.has_ended() && self.monitor.is_quiet() && self.sender.is_ready()
    }

    /// Where the request's body leaves its trailers.
    pub(super) fn trailers(&self) -> &Arc<TrailerSlot> {
        &self.trailers
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
        let Driver::Running(driver) = &mut self.driver else { return };
        // An error is told to whoever waits for the response or reads its body.
        let Poll::Ready(ended) = driver.poll_without_shutdown(cx) else { return };
        if let Driver::Running(driver) = std::mem::replace(&mut self.driver, Driver::Ended(None))
            && ended.is_ok()
        {
            self.driver = Driver::Ended(Some(driver.into_parts()));
        }
    }

    /// True if the last response has been read and the last request written, and both sides keep the connection.
    pub(super) fn is_reusable(&mut self, cx: &mut Context<'_>) -> bool {
        self.drive(cx);
        // hyper takes the next request while the end of the last one is still in its buffer.
        let is_written = self.monitor.is_flushed() && self.trailers.is_closed();
        is_written && !self.has_ended() && self.sender.is_ready()
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

    /// The socket, once the backend has switched protocols; `None` if it failed since.
    pub(super) fn into_upgraded(self) -> Option<Upgraded> {
        let parts = match self.driver {
            Driver::Running(driver) => driver.into_parts(),
            Driver::Ended(parts) => parts?,
        };
        Some(Upgraded { socket: parts.io.into_inner().into_inner(), received: parts.read_buf })
    }

    fn has_ended(&self) -> bool {
        matches!(self.driver, Driver::Ended(_))
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

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin, time::Duration};

    use http::{HeaderValue, Request};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        time::timeout,
    };

    use super::{BackendConnection, ForwardBody};
    #[tokio::test]
    async fn a_request_that_a_closed_connection_does_not_take_fails_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut connection = BackendConnection::open(&address.into()).await.unwrap();
        let (backend, _) = listener.accept().await.unwrap();
        let mut other = TcpStream::connect(address).await.unwrap();
        let (end_of_other, _) = listener.accept().await.unwrap();
        assert!(connection.is_open(true));

        // Between the look and the request the backend is killed, and the runtime has seen it.
        socket2::SockRef::from(&backend).set_linger(Some(Duration::ZERO)).unwrap();
        drop(backend);
        drop(end_of_other);
        assert_eq!(other.read(&mut [0]).await.unwrap(), 0);

        let mut response = pin!(connection.send(Request::new(ForwardBody::none())));
        let answered = poll_fn(|cx| {
            connection.drive(cx);
            response.as_mut().poll(cx)
        });
        let answered = timeout(Duration::from_secs(60), answered).await.expect("it fails at once");
        assert!(answered.is_err());
        assert_eq!(connection.written(), 0);
    }

    #[tokio::test]
    async fn a_connection_on_which_a_request_is_still_being_written_is_not_used_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut connection = BackendConnection::open(&address.into()).await.unwrap();
        let (mut backend, _) = listener.accept().await.unwrap();

        let mut request = Request::new(ForwardBody::none());
        // More than the sockets hold.
        let long = HeaderValue::try_from("x".repeat(64 << 20)).unwrap();
        request.headers_mut().insert("x-long", long);
        backend.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        let mut response = pin!(connection.send(request));
        let answered = poll_fn(|cx| {
            connection.drive(cx);
            response.as_mut().poll(cx)
        });
        let answered = timeout(Duration::from_secs(60), answered).await.expect("the backend has answered");
        assert_eq!(answered.unwrap().status(), 200);
        assert!(!poll_fn(|cx| std::task::Poll::Ready(connection.is_reusable(cx))).await);
    }
}
