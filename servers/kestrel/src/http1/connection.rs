//! One HTTP/1 connection from its first byte to its last.

use std::{
    error::Error,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

use super::{
    guard::{Guard, Wait},
    io::GuardedIo,
    linger::linger,
    service::Http1Service,
    upgraded::run_upgraded,
};
use crate::{connection::ConnectionShared, events, metrics::error_type, transport::Transport};

/// How many fields hyper takes unless told otherwise.
const HYPER_MAX_HEADERS: usize = 100;

/// Serves a connection until it ends.
#[cfg(feature = "tls")]
pub(crate) async fn serve<S: Transport>(stream: S, connection: Arc<ConnectionShared>) {
    serve_read(stream, Vec::new(), None, connection).await;
}

/// The same for a connection of which `read` has been read already, the first of it at `since`.
pub(crate) async fn serve_read<S: Transport>(
    stream: S,
    read: Vec<u8>,
    since: Option<Instant>,
    connection: Arc<ConnectionShared>,
) {
    connection.observed.speaks("1.1");
    let io = GuardedIo::new(Guard::new(stream, Arc::clone(&connection)).with_input(read, since));
    let served = Http1Connection::new(io, &connection).await;
    let Some(mut guard) = served.guard else { return };
    if served.end == End::Orderly && std::future::poll_fn(|cx| guard.poll_flush_held(cx)).await.is_err() {
        return;
    }
    if let Some(driver) = connection.http1.take_upgraded() {
        return run_upgraded(guard, driver, &connection).await;
    }
    match served.end {
        End::Orderly if guard.is_at_end => events::connection_disconnect(&connection),
        End::Orderly => {
            events::connection_disconnect(&connection);
            linger(guard.stream, &connection).await;
        }
        End::Aborted => guard.stream.reset_on_close(),
    }
}

/// How HTTP on a connection ended.
struct Served<S> {
    guard: Option<Guard<S>>,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// After a response or between two requests.
    Orderly,
    /// In the middle of something.
    Aborted,
}

type Hyper<S> = hyper::server::conn::http1::Connection<GuardedIo<S>, Http1Service>;

/// hyper's connection with what it lacks: deadlines, a watch for the client's end, a graceful stop.
struct Http1Connection<S: Transport> {
    hyper: Option<Hyper<S>>,
    io: Option<GuardedIo<S>>,
    connection: Arc<ConnectionShared>,
    timer: Pin<Box<Sleep>>,
    armed: Option<Instant>,
}

impl<S: Transport> Http1Connection<S> {
    fn new(io: GuardedIo<S>, connection: &Arc<ConnectionShared>) -> Self {
        let limits = &connection.options.limits;
        let service = Http1Service::new(Arc::clone(connection));
        let mut builder = hyper::server::conn::http1::Builder::new();
        if limits.max_request_header_count() > HYPER_MAX_HEADERS {
            // Whatever the number, hyper then makes room for so many at every request.
            builder.max_headers(limits.max_request_header_count());
        }
        let hyper = builder
            // The guard watches for the client's end and lets a half-closed client have its answer.
            .half_close(true)
            // One buffer for head and body: copying a short body costs less than a list of buffers.
            .writev(false)
            .header_read_timeout(None)
            // The guard has counted before; hyper's own limits only must not be lower.
            .max_buf_size(max_buffer(
                limits.max_request_line_size() + limits.max_request_headers_total_size(),
            ))
            .serve_connection(io.other_handle(), service);
        Self {
            hyper: Some(hyper),
            io: Some(io),
            connection: Arc::clone(connection),
            timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
            armed: None,
        }
    }

    fn poll_served(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.connection.signal.register(cx);
        loop {
            if self.connection.signal.is_aborted() {
                return Poll::Ready(End::Aborted);
            }
            let Some(hyper) = &mut self.hyper else { return Poll::Ready(End::Orderly) };
            match hyper.poll_without_shutdown(cx) {
                Poll::Ready(Ok(())) => return Poll::Ready(End::Orderly),
                Poll::Ready(Err(error)) => return Poll::Ready(self.end_of(&error)),
                Poll::Pending => {}
            }
            match self.poll_settled(cx) {
                Poll::Pending => return Poll::Pending,
                // Something was decided that hyper must see.
                Poll::Ready(Ok(None)) => {}
                Poll::Ready(Ok(Some(end))) => return Poll::Ready(end),
                Poll::Ready(Err(error)) => {
                    events::request_processing_error(&self.connection, &error);
                    self.connection.observed.failed(error_type::of(error.kind()));
                    return Poll::Ready(End::Aborted);
                }
            }
        }
    }

    /// hyper can do nothing more for now: what was held leaves, the client's end is watched for, and
    /// deadlines are kept. Completes when hyper must be asked again, or with the connection's end.
    fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<End>>> {
        if self.connection.signal.is_aborted() {
            return Poll::Ready(Ok(Some(End::Aborted)));
        }
        let Some(io) = &self.io else { return Poll::Pending };
        let mut guard = io.lock();
        if let Poll::Ready(Err(error)) = guard.poll_flush_held(cx) {
            return Poll::Ready(Err(error));
        }
        let has_left = guard.poll_client_left(cx)?;
        drop(guard);
        if has_left && let Some(exchange) = self.connection.http1.current() {
            exchange.notify_aborted();
        }
        self.poll_deadline(cx)
    }

    /// Completes when a deadline has passed and was acted upon.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<End>>> {
        loop {
            let Some(io) = &self.io else { return Poll::Pending };
            let mut guard = io.lock();
            let is_stopping = self.connection.signal.is_stopping();
            let next = if is_stopping { guard.wait_at_stop() } else { guard.wait() };
            let Some((wait, deadline)) = next else { return Poll::Pending };
            // A timer that is set too early is left alone: it is set anew when it fires.
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
            return Poll::Ready(match wait {
                // Nothing of a request was answered, and nothing is owed.
                Wait::NextRequest | Wait::Head if is_stopping => Ok(Some(End::Orderly)),
                wait => guard.expire(wait).map(|()| None),
            });
        }
    }

    fn end_of(&self, error: &hyper::Error) -> End {
        events::request_processing_error(&self.connection, error);
        let is_own = error.is_user() && !self.connection.signal.is_aborted();
        // A response that the application could not finish is cut off with an orderly end, so that
        // the client has all that left before; what it lacks tells the client that it is a part.
        let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        self.connection.observed.failed(match source {
            _ if is_own => error_type::ERROR_AFTER_STARTING_RESPONSE,
            Some(error) => error_type::of(error.kind()),
            None => error_type::IO_ERROR,
        });
        if is_own { End::Orderly } else { End::Aborted }
    }
}

impl<S: Transport> Future for Http1Connection<S> {
    type Output = Served<S>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Served<S>> {
        let this = &mut *self;
        let end = std::task::ready!(this.poll_served(cx));
        // Dropping hyper's connection drops the request under way, which tells the application.
        this.hyper = None;
        Poll::Ready(Served { guard: this.io.take().and_then(GuardedIo::into_guard), end })
    }
}

/// hyper takes nothing below its own minimum.
fn max_buffer(head: usize) -> usize {
    const HYPER_MINIMUM: usize = 8192;
    const RESPONSE_BUFFER: usize = 65_536;
    head.max(HYPER_MINIMUM).max(RESPONSE_BUFFER)
}
