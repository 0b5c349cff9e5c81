//! Stands between the socket and hyper: only what is in order passes.

mod wait;
mod write;

use std::{
    io,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
};

use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, ReadBuf},
    time::Instant,
};

pub(in crate::http1) use self::wait::Wait;
use super::{
    HeadNote,
    input::Input,
    inspect::{BodyFraming, Head, Inspector, Limits, Rejection, Step},
    outgoing::Outgoing,
    waits::DataWait,
};
use crate::{connection::ConnectionShared, events, transport::Transport};

/// How far the guard reads ahead of hyper while a request is under way, to notice that the client
/// has gone.
const READ_AHEAD: usize = 64 * 1024;

/// The head that hyper gets in the place of one that was refused; the service knows from the note.
const REFUSED_HEAD: &[u8] = b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n";

/// The guarded socket of one connection.
#[derive(Debug)]
pub(super) struct Guard<S> {
    pub(super) stream: S,
    pub(super) connection: Arc<ConnectionShared>,
    pub(super) input: Input,
    inspector: Inspector,
    /// So many bytes at the front of the input may go to hyper.
    cleared: usize,
    /// So many bytes after those are not for hyper, which gets the replacement instead.
    replaced: usize,
    replacement: Vec<u8>,
    heads_cleared: u64,
    is_refused: bool,
    pub(super) is_at_end: bool,
    body_failure: Option<Rejection>,
    pub(super) is_read_pending: bool,
    idle_since: Option<Instant>,
    head_since: Option<Instant>,
    request_body: DataWait,
    response: DataWait,
    outgoing: Outgoing,
    /// Since when the client has ended its side and taken nothing.
    at_end_since: Option<Instant>,
}

impl<S: Transport> Guard<S> {
    pub(super) fn new(stream: S, connection: Arc<ConnectionShared>) -> Self {
        let limits = &connection.options.limits;
        let inspector = Inspector::new(Limits {
            max_request_line: limits.max_request_line_size(),
            max_headers_total: limits.max_request_headers_total_size(),
            max_header_count: limits.max_request_header_count(),
        })
        .allow_host_header_override(connection.options.allow_host_header_override);
        Self {
            stream,
            connection,
            input: Input::default(),
            inspector,
            cleared: 0,
            replaced: 0,
            replacement: Vec::new(),
            heads_cleared: 0,
            is_refused: false,
            is_at_end: false,
            body_failure: None,
            is_read_pending: false,
            idle_since: None,
            head_since: None,
            request_body: DataWait::default(),
            response: DataWait::default(),
            outgoing: Outgoing::default(),
            at_end_since: None,
        }
    }

    /// The same with something read already, the first of it at `since`.
    pub(super) fn with_input(self, read: Vec<u8>, since: Option<Instant>) -> Self {
        Self { input: Input::new(read), head_since: since, ..self }
    }

    /// Gives hyper what is in order; nothing at all is the end of the client's side.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        mut buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.is_read_pending = false;
        loop {
            self.inspect();
            if self.cleared > 0 {
                let count = self.cleared.min(buffer.remaining());
                buffer.put_slice(&self.input.bytes()[..count]);
                self.input.consume(count);
                self.cleared -= count;
                return Poll::Ready(Ok(()));
            }
            self.drop_replaced();
            if !self.replacement.is_empty() {
                let count = self.replacement.len().min(buffer.remaining());
                buffer.put_slice(&self.replacement[..count]);
                self.replacement.drain(..count);
                return Poll::Ready(Ok(()));
            }
            if let Some(rejection) = self.body_failure {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, rejection.message())));
            }
            if self.is_refused {
                // The answer is the last thing that happens on this connection.
                self.is_read_pending = true;
                return Poll::Pending;
            }
            if self.is_at_end {
                match self.inspector.end_of_input(!self.input.is_empty()) {
                    Some(rejection) => self.refuse(rejection, self.inspector.in_body()),
                    None => return Poll::Ready(Ok(())),
                }
                continue;
            }
            let direct = self.inspector.pass_through();
            if self.input.is_empty() && buffer.remaining() > 0 && direct >= buffer.remaining() as u64 {
                return self.poll_read_direct(cx, buffer);
            }
            match self.poll_fill(cx) {
                Poll::Ready(filled) => filled?,
                Poll::Pending => {
                    self.is_read_pending = true;
                    return Poll::Pending;
                }
            }
        }
    }

    /// Reads once from the socket.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let count = ready!(self.input.poll_fill(cx, &mut self.stream))?;
        self.count_read(count);
        self.connection.http1.has_more_input.store(self.input.len() > self.cleared, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }

    /// Reads a piece of a body, which needs no look at its bytes, straight into hyper's buffer.
    fn poll_read_direct(
        &mut self,
        cx: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut counted = TokioIo::new(Counted { stream: &mut self.stream, count: 0 });
        let read = hyper::rt::Read::poll_read(Pin::new(&mut counted), cx, buffer);
        let count = counted.into_inner().count;
        match read {
            Poll::Pending => {
                self.is_read_pending = true;
                Poll::Pending
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) => {
                self.count_read(count);
                if count == 0 {
                    self.refuse(Rejection::UnexpectedEndOfRequestContent, true);
                    return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                }
                self.inspector.passed(count as u64);
                Poll::Ready(Ok(()))
            }
        }
    }

    /// While a request is under way and hyper does not read, the guard does: true once the client has
    /// ended its side.
    pub(super) fn poll_client_left(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        if !self.connection.http1.is_in_flight.load(Ordering::Relaxed) || self.is_read_pending {
            return Ok(false);
        }
        while !self.is_at_end && self.input.len() < READ_AHEAD {
            match self.poll_fill(cx) {
                Poll::Ready(filled) => filled?,
                Poll::Pending => return Ok(false),
            }
        }
        Ok(self.is_at_end)
    }

    /// Looks at the input as far as hyper may read on without the service having a say.
    fn inspect(&mut self) {
        while self.can_inspect() {
            let is_in_body = self.inspector.in_body();
            match self.inspector.inspect(&self.input.bytes()[self.cleared..]) {
                Step::NeedMore => break,
                Step::Skip(count) => {
                    self.replaced = count;
                    self.drop_replaced();
                }
                Step::Body { len, end } => {
                    self.cleared += len;
                    if end {
                        self.request_body.reset();
                    }
                }
                Step::Head(head) => {
                    if self.pass_head(head) {
                        break;
                    }
                }
                Step::Reject(rejection) => self.refuse(rejection, is_in_body),
            }
        }
        let has_more = self.input.len() > self.cleared + self.replaced;
        self.connection.http1.has_more_input.store(has_more, Ordering::Relaxed);
    }

    fn can_inspect(&self) -> bool {
        self.replaced == 0 && !self.is_refused && self.cleared < self.input.len()
    }

    /// True if the service must have its say before anything that follows the head is looked at.
    fn pass_head(&mut self, head: Head) -> bool {
        let link = &self.connection.http1;
        self.head_since = None;
        if head.body != BodyFraming::None {
            self.request_body.reset();
        }
        self.response.reset_unless_waiting();
        self.heads_cleared += 1;
        let is_special = head.may_upgrade || head.close;
        if is_special || head.has_te || head.raw_target.is_some() {
            let note = HeadNote {
                rejection: None,
                raw_target: head.raw_target,
                may_upgrade: head.may_upgrade,
                has_te: head.has_te,
                close: head.close,
            };
            link.note(self.heads_cleared, note);
        }
        link.heads_passed.store(self.heads_cleared, Ordering::Relaxed);
        match head.rewritten {
            Some(rewritten) => {
                self.replaced = head.len;
                self.replacement = rewritten;
            }
            None => self.cleared += head.len,
        }
        is_special
    }

    /// Once everything before them has gone to hyper, the bytes that are not for it are dropped.
    fn drop_replaced(&mut self) {
        if self.cleared == 0 && self.replaced > 0 {
            self.input.consume(self.replaced);
            self.replaced = 0;
        }
    }

    /// Nothing passes any more: a head is answered with the rejection, a body ends with it.
    fn refuse(&mut self, rejection: Rejection, is_in_body: bool) {
        let link = &self.connection.http1;
        self.is_refused = true;
        self.connection.observed.failed(rejection.error_type());
        if is_in_body {
            events::connection_bad_request(&self.connection, link.request_number(), rejection.message());
            self.body_failure = Some(rejection);
            link.fail_body(rejection);
        } else {
            self.heads_cleared += 1;
            link.note(self.heads_cleared, HeadNote { rejection: Some(rejection), ..HeadNote::default() });
            link.heads_passed.store(self.heads_cleared, Ordering::Relaxed);
            self.replacement = REFUSED_HEAD.to_vec();
        }
    }

    fn count_read(&mut self, count: usize) {
        self.is_at_end = count == 0;
        self.idle_since = None;
        if self.inspector.in_body() {
            self.request_body.pause(count);
        }
    }
}

/// Counts what is read into a buffer that cannot be looked at.
struct Counted<'a, S> {
    stream: &'a mut S,
    count: usize,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<'_, S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut *this.stream).poll_read(cx, buffer))?;
        this.count = buffer.filled().len() - before;
        Poll::Ready(Ok(()))
    }
}
