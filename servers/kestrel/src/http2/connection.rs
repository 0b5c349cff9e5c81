//! One HTTP/2 connection from its preface to its last frame.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use h2::{Reason, RecvStream, server::SendResponse};
use http::Request;
use tokio::time::{Instant, Sleep};

use super::{
    guard::Guard,
    handshake::{H2, shake_hands},
    io::GuardedIo,
    keep_alive::{Due, KeepAlive},
    stream::StreamRun,
    tasks::StreamTasks,
};
use crate::{
    connection::{ConnectionShared, REST_AFTER},
    events,
    http1::{Rejection, linger},
    metrics::error_type,
    transport::Transport,
};

/// How long a connection without streams is kept when the server stops: streams that the client has
/// opened before it heard of the stop may be under way.
const STOP_GRACE: Duration = Duration::from_millis(500);

/// How long the last frames may take to leave.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves a connection of which `read` has been read already, until it ends.
pub(crate) async fn serve<S: Transport>(stream: S, read: Vec<u8>, connection: Arc<ConnectionShared>) {
    connection.observed.speaks("2");
    let io = GuardedIo::new(Guard::new(stream, read, &connection));
    let Some(h2) = shake_hands(&io, &connection).await else { return };
    let mut running = Http2Connection::new(h2, io.other_handle(), &connection);
    let end = std::future::poll_fn(|cx| running.poll_served(cx)).await;
    // Whatever still runs hears of the end.
    let tasks = std::mem::take(&mut running.tasks);
    drop(running);
    let Some(guard) = io.into_guard() else { return };
    match end {
        End::Orderly if guard.is_at_end => {
            events::connection_disconnect(&connection);
            drop(guard);
        }
        End::Orderly => {
            events::connection_disconnect(&connection);
            linger(guard.stream, &connection).await;
        }
        End::Aborted => {
            guard.stream.reset_on_close();
            drop(guard);
            return tasks.abort().await;
        }
    }
    tasks.ended(&connection).await;
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// With a GOAWAY, or by the client.
    Orderly,
    Aborted,
}

/// h2's connection with what it lacks: deadlines, keep-alive, a graceful stop, the start of streams.
struct Http2Connection<S: Transport> {
    h2: H2<S>,
    io: GuardedIo<S>,
    connection: Arc<ConnectionShared>,
    accepted: Vec<(Request<RecvStream>, SendResponse<Bytes>)>,
    tasks: StreamTasks,
    timer: Pin<Box<Sleep>>,
    armed: Option<Instant>,
    /// Since when there has been no stream.
    idle_since: Option<Instant>,
    /// What a connection without streams need not keep is gone.
    has_rested: bool,
    /// When the connection was told to end after the streams under way.
    stopping_since: Option<Instant>,
    keep_alive: KeepAlive,
    /// When the last GOAWAY was sent.
    closing_since: Option<Instant>,
}

impl<S: Transport> Http2Connection<S> {
    fn new(mut h2: H2<S>, io: GuardedIo<S>, connection: &Arc<ConnectionShared>) -> Self {
        let keep_alive = KeepAlive::new(h2.ping_pong(), &connection.options.limits.http2);
        Self {
            h2,
            io,
            keep_alive,
            connection: Arc::clone(connection),
            accepted: Vec::new(),
            tasks: StreamTasks::default(),
            timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
            armed: None,
            idle_since: None,
            has_rested: false,
            stopping_since: None,
            closing_since: None,
        }
    }

    fn poll_served(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.connection.signal.register(cx);
        self.connection.flushes.register(cx);
        loop {
            if self.connection.signal.is_aborted() {
                return Poll::Ready(End::Aborted);
            }
            if self.connection.signal.is_stopping() && self.stopping_since.is_none() {
                self.stopping_since = Some(Instant::now());
                self.h2.graceful_shutdown();
            }
            self.connection.flushes.begin();
            match self.h2.poll_accept(cx) {
                // What has arrived together is started together, so that its answers leave together.
                Poll::Ready(Some(Ok(stream))) => self.accepted.push(stream),
                Poll::Ready(Some(Err(error))) => {
                    events::http2_connection_error(&self.connection, &error);
                    let is_told = error.is_go_away() || error.is_library();
                    return Poll::Ready(if is_told { End::Orderly } else { End::Aborted });
                }
                Poll::Ready(None) => return Poll::Ready(End::Orderly),
                Poll::Pending if !self.accepted.is_empty() => self.start_accepted(cx),
                Poll::Pending => match self.poll_settled(cx) {
                    Poll::Ready(Some(end)) => return Poll::Ready(end),
                    // Something was decided that h2 must see.
                    Poll::Ready(None) => {}
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }

    fn start_accepted(&mut self, cx: &mut Context<'_>) {
        for (request, respond) in self.accepted.drain(..) {
            let scheme = match request.uri().authority() {
                Some(_) => None,
                None => self.io.lock().take_scheme(respond.stream_id().as_u32()),
            };
            let Some(mut run) = StreamRun::start(request, respond, scheme, &self.connection) else {
                continue;
            };
            if Pin::new(&mut run).poll(cx).is_pending() {
                self.tasks.spawn(run);
            }
        }
    }

    /// h2 can do nothing more for now. Completes when it must be asked again, or with the end.
    fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<Option<End>> {
        let guard = self.io.lock();
        let violation = guard.violation();
        if !guard.response.is_waiting() {
            self.connection.flushes.done();
        }
        drop(guard);
        if let Some(reason) = violation
            && self.closing_since.is_none()
        {
            return Poll::Ready(self.close(reason));
        }
        self.poll_deadline(cx)
    }

    /// Ends the connection with a GOAWAY, which h2 has to send.
    fn close(&mut self, reason: Reason) -> Option<End> {
        self.closing_since = Some(Instant::now());
        self.h2.abrupt_shutdown(reason);
        None
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<Option<End>> {
        loop {
            let Some((wait, deadline)) = self.next_wait(cx) else { return Poll::Pending };
            if self.armed.is_none_or(|armed| armed > deadline) {
                self.armed = Some(deadline);
                self.timer.as_mut().reset(deadline);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.armed = None;
            if deadline > Instant::now() {
                continue;
            }
            self.tell(wait);
            return Poll::Ready(match wait {
                Wait::Closing | Wait::Response => Some(End::Aborted),
                Wait::Idle | Wait::Stop => self.close(Reason::NO_ERROR),
                Wait::Fields | Wait::Pong => self.close(Reason::INTERNAL_ERROR),
                Wait::Rest => self.rest(),
                Wait::Ping if self.keep_alive.send() => None,
                Wait::Ping => self.close(Reason::INTERNAL_ERROR),
            });
        }
    }

    /// Gives back what the next stream does not need: it may be far off.
    fn rest(&mut self) -> Option<End> {
        self.has_rested = true;
        self.accepted = Vec::new();
        self.connection.exchanges.rest();
        self.io.lock().release();
        None
    }

    /// Why the connection is about to end.
    fn tell(&self, wait: Wait) {
        let error_type = match wait {
            Wait::Idle | Wait::Pong => error_type::KEEP_ALIVE_TIMEOUT,
            Wait::Fields => Rejection::RequestHeadersTimeout.error_type(),
            Wait::Response => {
                events::response_too_slow(&self.connection, 0);
                error_type::MIN_RESPONSE_DATA_RATE
            }
            Wait::Rest | Wait::Stop | Wait::Closing | Wait::Ping => return,
        };
        self.connection.observed.failed(error_type);
    }

    /// What the connection waits for now, and until when: the soonest of all.
    fn next_wait(&mut self, cx: &mut Context<'_>) -> Option<(Wait, Instant)> {
        let limits = &self.connection.options.limits;
        if let Some(since) = self.closing_since {
            return Some((Wait::Closing, since + CLOSING_TIMEOUT));
        }
        let has_streams = self.h2.has_streams();
        let idle_since = match has_streams {
            true => {
                self.has_rested = false;
                self.idle_since.take().and(None)
            }
            false => Some(*self.idle_since.get_or_insert_with(Instant::now)),
        };
        let idle = idle_since.and_then(|since| match self.stopping_since {
            Some(stopping) => Some((Wait::Stop, since.max(stopping) + STOP_GRACE)),
            None => limits.keep_alive_timeout().map(|limit| (Wait::Idle, since + limit)),
        });
        let rest = idle_since.filter(|_| !self.has_rested).map(|since| (Wait::Rest, since + REST_AFTER));
        let guard = self.io.lock();
        let response = guard.response.deadline(limits.min_response_data_rate());
        let fields = guard.fields_since().zip(limits.request_headers_timeout());
        let last_read = guard.last_read;
        drop(guard);
        let keep_alive = self.keep_alive.next(cx, last_read).map(|due| match due {
            Due::Ping(deadline) => (Wait::Ping, deadline),
            Due::Pong(deadline) => (Wait::Pong, deadline),
        });
        let response = response.map(|deadline| (Wait::Response, deadline));
        let fields = fields.map(|(since, limit)| (Wait::Fields, since + limit));
        [rest, idle, response, fields, keep_alive].into_iter().flatten().min_by_key(|(_, deadline)| *deadline)
    }
}

/// What the connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// A stream.
    Idle,
    /// The same, before the connection comes to rest.
    Rest,
    /// The rest of a request's fields.
    Fields,
    /// A silent client, for its time to be asked.
    Ping,
    /// Its answer.
    Pong,
    /// Streams that were under way when the server stopped.
    Stop,
    /// The client to take what was sent.
    Response,
    /// The last GOAWAY to leave.
    Closing,
}
