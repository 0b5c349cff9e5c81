//! The body of the request: to the application, or away.

use std::{
    io::Result,
    task::{Context, Poll},
};

use http::HeaderMap;

use super::{Connection, Flow, Stage};
use crate::{
    events,
    http1::{
        fields::append_lines,
        inspect::{Rejection, Step},
    },
    transport::Transport,
};

/// How far the connection reads ahead while a request is under way, to notice that the client has gone.
const READ_AHEAD: usize = 64 * 1024;

/// How much is read for nothing before closing the connection is cheaper.
const DRAIN_LIMIT: usize = 1024 * 1024;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// How far what nobody wants has been read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Drain {
    read: usize,
    /// The system has had its turn since there was something.
    has_yielded: bool,
}

impl<S: Transport> Connection<S> {
    /// Gives the application what it waits for; false if that takes waiting.
    pub(super) fn feed(&mut self, cx: &mut Context<'_>) -> Result<bool> {
        if !self.body.as_ref().is_some_and(|body| body.is_wanted()) {
            self.waits.pause_request_body();
            return Ok(false);
        }
        if std::mem::take(&mut self.request.waits_for_continue) && matches!(self.stage, Stage::Running(_)) {
            self.io.output.push(CONTINUE);
        }
        loop {
            if self.send_piece() {
                return Ok(true);
            }
            if self.io.is_at_end {
                self.refuse_body(
                    self.inspector.end_of_input(true).unwrap_or(Rejection::UnexpectedEndOfRequestContent),
                );
                return Ok(true);
            }
            match self.io.poll_fill(cx, self.inspector.data_left()) {
                Poll::Pending => {
                    self.io.is_read_pending = true;
                    return Ok(false);
                }
                Poll::Ready(Ok(count)) => self.waits.count_request_body(count),
                Poll::Ready(Err(error)) => {
                    // The application may still have something to do.
                    self.note_broken(&error);
                    self.io.is_at_end = true;
                    self.stop_reading();
                    return Ok(true);
                }
            }
        }
    }

    /// Hands over the next piece or the end, if it is in the input.
    pub(super) fn send_piece(&mut self) -> bool {
        loop {
            match self.inspector.inspect(self.io.input.bytes()) {
                Step::Body { framing, data, end } => {
                    self.io.input.consume(framing);
                    let Some(body) = &self.body else { return false };
                    if data > 0 {
                        body.send(self.io.input.take(data));
                    }
                    if end {
                        self.end_body();
                    }
                    if data > 0 || end {
                        return true;
                    }
                }
                Step::Reject(rejection) => {
                    self.refuse_body(rejection);
                    return true;
                }
                Step::NeedMore | Step::Skip(_) | Step::Head(_) => return false,
            }
        }
    }

    fn end_body(&mut self) {
        self.waits.end_request_body();
        let lines = self.inspector.take_trailers();
        let Some(body) = self.body.take() else { return };
        let mut trailers = HeaderMap::new();
        match append_lines(lines.into(), &mut trailers) {
            Ok(()) => body.finish((!trailers.is_empty()).then_some(trailers)),
            Err(rejection) => self.refuse_body(rejection),
        }
    }

    /// The body is not in order: it ends here, and so does the connection after the answer.
    pub(super) fn refuse_body(&mut self, rejection: Rejection) {
        self.shared.observed.failed(rejection.error_type());
        events::connection_bad_request(&self.shared, self.request.number, rejection.message());
        self.shared.http1.fail_body(rejection);
        self.stop_reading();
    }

    fn stop_reading(&mut self) {
        self.request.is_refused = true;
        self.request.closes = true;
        self.body = None;
    }

    /// The answer is complete. The next request follows the end of this one, which somebody may still read.
    pub(super) fn await_remainder(&mut self, cx: &mut Context<'_>) -> Result<Flow> {
        let is_read_elsewhere = self.body.as_ref().is_some_and(|body| !body.is_dropped());
        if is_read_elsewhere && !self.request.closes {
            return Ok(Flow::Waits);
        }
        Ok(match self.poll_drain(cx) {
            Poll::Pending => Flow::Waits,
            Poll::Ready(is_read) => {
                self.stage = if is_read { Stage::Head } else { Stage::Closing };
                Flow::Moved
            }
        })
    }

    /// True if the rest of the body may be read for nothing. A client that waits for 100 Continue has not sent it,
    /// and asking for it now would be a lie.
    pub(super) fn may_drain(&self) -> bool {
        !self.request.waits_for_continue && !self.request.is_refused && !self.request.closes
    }

    /// Reads and drops what has already arrived of the body, so that the connection can be used again; it does
    /// not wait for what has not. Completes with true at the end of the body, with false if that is not in sight.
    pub(super) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        self.body = None;
        while self.inspector.in_body() {
            if !self.may_drain()
                || self.drain.read > DRAIN_LIMIT
                || self.inspector.data_left() > DRAIN_LIMIT as u64
            {
                return Poll::Ready(false);
            }
            match self.inspector.inspect(self.io.input.bytes()) {
                Step::Body { framing, data, .. } => {
                    self.io.input.consume(framing + data);
                    self.drain.read += data;
                    continue;
                }
                Step::Reject(rejection) => {
                    self.refuse_body(rejection);
                    return Poll::Ready(false);
                }
                Step::NeedMore | Step::Skip(_) | Step::Head(_) => {}
            }
            match self.io.poll_fill(cx, self.inspector.data_left()) {
                Poll::Ready(Ok(1..)) => self.drain.has_yielded = false,
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(false),
                Poll::Pending if self.drain.has_yielded => return Poll::Ready(false),
                // There may be more of it which the system has not told of yet.
                Poll::Pending => {
                    self.drain.has_yielded = true;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        }
        self.inspector.take_trailers();
        Poll::Ready(true)
    }

    /// While a request is under way and nobody reads, the connection does, to notice that the client has ended
    /// its side.
    pub(super) fn watch_client(&mut self, cx: &mut Context<'_>) -> Result<()> {
        if !self.is_in_flight() || self.io.is_read_pending || self.request.is_refused {
            return Ok(());
        }
        while !self.io.is_at_end && self.io.input.len() < READ_AHEAD {
            match self.io.poll_fill(cx, 0)? {
                Poll::Ready(count) => self.waits.count_request_body(count),
                Poll::Pending => return Ok(()),
            }
        }
        if self.io.is_at_end && !self.request.has_heard_of_end {
            self.request.has_heard_of_end = true;
            if let Some(exchange) = self.exchange() {
                exchange.notify_aborted();
            }
        }
        Ok(())
    }
}
