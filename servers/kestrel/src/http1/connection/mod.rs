//! One HTTP/1 connection from its first byte to its last.

mod answer;
mod body;
mod io;
mod request;
mod wait;

use std::{
    io::{Error, Result},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use tokio::time::{Instant, Sleep};

use self::{body::Drain, io::Io, request::Request, wait::Waits};
use super::{
    body::BodySender,
    encode::{BodyEncoder, Stamp},
    inspect::{Inspector, Limits},
    linger::linger,
    upgraded::run_upgraded,
};
use crate::{
    connection::ConnectionShared,
    events,
    exchange::{Driver, Exchange, ExchangeShared, Streaming},
    metrics::error_type,
    transport::Transport,
};

/// How many steps a connection takes before others have their turn.
const TURN: u32 = 128;

/// As how many steps it counts to have sent a full buffer.
const FULL_BUFFER: u32 = 8;

/// Serves a connection until it ends.
#[cfg(feature = "tls")]
pub(crate) fn serve<S: Transport>(
    stream: S,
    connection: Arc<ConnectionShared>,
) -> impl Future<Output = ()> + Send {
    serve_read(stream, Vec::new(), None, connection)
}

/// The same for a connection of which `read` has been read already, the first of it at `since`.
pub(crate) fn serve_read<S: Transport>(
    stream: S,
    read: Vec<u8>,
    since: Option<Instant>,
    connection: Arc<ConnectionShared>,
) -> impl Future<Output = ()> + Send {
    connection.observed.speaks("1.1");
    // Outside: what a future was called with stays in it to its end.
    let mut served = Connection::new(Io::new(stream, read), since, &connection);
    async move {
        let end = std::future::poll_fn(|cx| served.poll_served(cx)).await;
        // In a box: most of its life a connection is not at its end.
        Box::pin(served.end(end)).await;
    }
}

/// How HTTP on a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// After a response or between two requests.
    Orderly,
    /// In the middle of something.
    Aborted,
    /// The connection belongs to the application now.
    Upgraded,
}

/// The state of a connection. Nobody but its task reaches it.
struct Connection<S> {
    io: Io<S>,
    shared: Arc<ConnectionShared>,
    inspector: Inspector,
    stage: Stage,
    request: Request,
    /// The body of the request under way, until it has come to its end.
    body: Option<BodySender>,
    drain: Drain,
    /// For the next request.
    spare: Option<Box<Exchange>>,
    waits: Waits,
    /// Until when a started answer is held back.
    hold: Option<Pin<Box<Sleep>>>,
    /// Made once in every round of the task.
    stamp: Option<Stamp>,
    /// The task that hears of signals.
    task: Option<Waker>,
}

/// Where the connection stands.
enum Stage {
    /// Between two requests, or in the head of one.
    Head,
    /// The application runs; nothing of its answer has been encoded.
    Running(Driver),
    /// The run is over. What is left of the request is read before the answer says whether the connection closes.
    Draining(Driver),
    /// The application runs on behind the head of its answer.
    Streaming(Streaming, BodyEncoder),
    /// The answer is complete, the request is not.
    Remainder,
    /// Nothing follows what is in the buffer.
    Closing,
    /// The same, and then the connection leaves HTTP.
    Upgrading(Driver),
}

/// What a step has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// There is more to do.
    Moved,
    /// Nothing can be done before something happens.
    Waits,
    Ends(End),
}

impl<S: Transport> Connection<S> {
    fn new(io: Io<S>, since: Option<Instant>, shared: &Arc<ConnectionShared>) -> Self {
        let limits = &shared.options.limits;
        let inspector = Inspector::new(Limits {
            max_request_line: limits.max_request_line_size(),
            max_headers_total: limits.max_request_headers_total_size(),
            max_header_count: limits.max_request_header_count(),
        });
        Self {
            io,
            shared: Arc::clone(shared),
            inspector: inspector.allow_host_header_override(shared.options.allow_host_header_override),
            stage: Stage::Head,
            request: Request::default(),
            body: None,
            drain: Drain::default(),
            spare: None,
            waits: Waits::new(since),
            hold: None,
            stamp: None,
            task: None,
        }
    }

    /// Completes when HTTP on this connection is over.
    fn poll_served(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.register(cx);
        self.stamp = None;
        let mut turn = TURN;
        while turn > 0 {
            turn -= 1;
            if self.shared.signal.is_aborted() {
                return Poll::Ready(End::Aborted);
            }
            self.io.is_read_pending = false;
            let flow = match self.advance(cx) {
                Ok(Flow::Waits) => {
                    let was_full = self.io.is_full();
                    let flow = self.settle(cx);
                    if was_full && !self.io.is_full() {
                        turn = turn.saturating_sub(FULL_BUFFER);
                    }
                    flow
                }
                flow => flow,
            };
            let flow = match flow {
                Ok(Flow::Waits) => self.poll_deadline(cx),
                flow => flow,
            };
            match flow {
                Ok(Flow::Moved) => {}
                Ok(Flow::Waits) => return Poll::Pending,
                Ok(Flow::Ends(end)) => return Poll::Ready(end),
                Err(error) => {
                    self.note_broken(&error);
                    return Poll::Ready(End::Aborted);
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// HTTP is over; what is under way is told by dropping it.
    async fn end(self, end: End) {
        let Self { io, stage, body, shared: connection, .. } = self;
        if let (End::Upgraded, Stage::Upgrading(driver)) = (end, stage) {
            return run_upgraded(io.stream, io.input, driver, &connection).await;
        }
        drop(body);
        match end {
            End::Aborted => io.stream.reset_on_close(),
            End::Orderly | End::Upgraded => {
                events::connection_disconnect(&connection);
                if !io.is_at_end {
                    linger(io.stream, &connection).await;
                }
            }
        }
    }

    /// Does what is next.
    fn advance(&mut self, cx: &mut Context<'_>) -> Result<Flow> {
        match &mut self.stage {
            Stage::Head => self.read_head(cx),
            Stage::Running(driver) => {
                let progress = driver.poll(cx);
                self.answer(cx, progress)
            }
            Stage::Draining(_) => self.drain_and_answer(cx),
            Stage::Streaming(..) => self.stream(cx),
            Stage::Remainder => self.await_remainder(cx),
            Stage::Closing => self.leave(cx, End::Orderly),
            Stage::Upgrading(_) => self.leave(cx, End::Upgraded),
        }
    }

    /// Nothing goes on by itself: the application gets more of the request, what is in the buffer leaves, and the
    /// client's end is watched for.
    fn settle(&mut self, cx: &mut Context<'_>) -> Result<Flow> {
        let mut flow = Flow::Waits;
        if let Some(interim) = self.shared.http1.take_interim() {
            self.io.output.push(&interim);
            flow = Flow::Moved;
        }
        if self.feed(cx)? {
            return Ok(Flow::Moved);
        }
        let was_full = self.io.is_full();
        if self.io.poll_flush(cx)?.is_ready() && self.shared.http1.flushed(cx) {
            return Ok(Flow::Moved);
        }
        if was_full && !self.io.is_full() {
            return Ok(Flow::Moved);
        }
        self.watch_client(cx)?;
        Ok(flow)
    }

    /// Everything leaves; then it is over.
    fn leave(&mut self, cx: &mut Context<'_>, end: End) -> Result<Flow> {
        Ok(if self.io.poll_flush(cx)?.is_ready() { Flow::Ends(end) } else { Flow::Waits })
    }

    /// The task hears of signals and of who wants the body.
    fn register(&mut self, cx: &Context<'_>) {
        if self.task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            return;
        }
        self.task = Some(cx.waker().clone());
        self.shared.signal.register(cx);
        self.waits.disarm();
        if let Some(body) = &self.body {
            body.register(cx);
        }
    }

    /// What is under way, as both of its sides share it.
    fn exchange(&self) -> Option<&Arc<ExchangeShared>> {
        match &self.stage {
            Stage::Running(driver) | Stage::Draining(driver) => driver.shared(),
            Stage::Streaming(streaming, _) => Some(streaming.shared()),
            Stage::Head | Stage::Remainder | Stage::Closing | Stage::Upgrading(_) => None,
        }
    }

    /// True from the head of a request to the end of its answer and of its body.
    fn is_in_flight(&self) -> bool {
        matches!(self.stage, Stage::Running(_) | Stage::Draining(_) | Stage::Streaming(..) | Stage::Remainder)
    }

    fn note_broken(&self, error: &Error) {
        events::request_processing_error(&self.shared, error);
        self.shared.observed.failed(error_type::of(error.kind()));
    }
}
