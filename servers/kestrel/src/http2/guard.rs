//! Stands between the socket and h2: only frames that are in order pass.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use h2::Reason;
use tokio::{io::ReadBuf, time::Instant};

use super::inspect::{Inspector, Limits, Scheme, Step};
use crate::{connection::ConnectionShared, http1::DataWait, transport::Transport};

/// How much is read at once behind a frame that is not whole.
const READ_SIZE: usize = 16 * 1024;

/// The guarded socket of one connection.
#[derive(Debug)]
pub(super) struct Guard<S> {
    pub(super) stream: S,
    inspector: Inspector,
    /// What has been read and has not gone to h2.
    held: Vec<u8>,
    /// So much of that may go.
    cleared: usize,
    /// The connection must end with this.
    violation: Option<Reason>,
    pub(super) is_at_end: bool,
    /// When the client last sent something.
    pub(super) last_read: Instant,
    /// What the client does not take.
    pub(super) response: DataWait,
}

impl<S: Transport> Guard<S> {
    /// A socket of which `read` has been read already.
    pub(super) fn new(stream: S, read: Vec<u8>, connection: &ConnectionShared) -> Self {
        let options = &connection.options;
        let limits = &options.limits;
        let inspector = Inspector::new(Limits {
            max_frame_size: limits.http2.max_frame_size() as usize,
            max_fields: limits.max_request_headers_total_size(),
            header_table_size: limits.http2.header_table_size() as usize,
            max_streams: limits.http2.max_streams_per_connection(),
            scheme: (!options.allow_alternate_schemes).then_some(connection.scheme),
        });
        let mut guard = Self {
            stream,
            inspector,
            held: read,
            cleared: 0,
            violation: None,
            is_at_end: false,
            last_read: Instant::now(),
            response: DataWait::default(),
        };
        guard.inspect_held();
        guard
    }

    /// The reason for which the connection must end, once h2 has taken everything before it.
    pub(super) fn violation(&self) -> Option<Reason> {
        if self.cleared == 0 { self.violation } else { None }
    }

    /// Since when the client has been sending the fields of a request.
    pub(super) fn fields_since(&self) -> Option<Instant> {
        self.inspector.fields_since()
    }

    /// The scheme of a request without an authority, which h2 does not tell.
    pub(super) fn take_scheme(&mut self, stream: u32) -> Option<Scheme> {
        self.inspector.take_scheme(stream)
    }

    /// The connection rests: room that holds nothing is given back.
    pub(super) fn release(&mut self) {
        if self.held.is_empty() {
            self.held = Vec::new();
        }
    }

    /// Gives h2 what is in order.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.cleared > 0 {
                let count = self.cleared.min(buffer.remaining());
                buffer.put_slice(&self.held[..count]);
                self.held.drain(..count);
                self.cleared -= count;
                return Poll::Ready(Ok(()));
            }
            if self.violation.is_some() {
                // The connection ends by what it sends now.
                return Poll::Pending;
            }
            if self.held.is_empty() {
                if ready!(self.poll_read_direct(cx, buffer))? {
                    return Poll::Ready(Ok(()));
                }
            } else {
                ready!(self.poll_read_held(cx))?;
                if self.is_at_end {
                    // h2 need not know of a frame that was cut off.
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }

    /// Reads straight into h2's buffer, where what is in order stays; true if that is anything.
    fn poll_read_direct(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<bool>> {
        let start = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.last_read = Instant::now();
        let (before, read) = buffer.filled().split_at(start);
        if read.is_empty() {
            self.is_at_end = true;
            return Poll::Ready(Ok(true));
        }
        let mut passed = 0;
        loop {
            match self.inspector.inspect(&read[passed..]) {
                Step::Pass(count) => passed += count,
                Step::NeedMore => break,
                Step::Malformed(count) => {
                    self.hold_malformed(&read[passed..], count);
                    self.inspect_held();
                    let end = before.len() + passed;
                    buffer.set_filled(end);
                    return Poll::Ready(Ok(passed > 0));
                }
                Step::Fail(reason) => {
                    self.violation = Some(reason);
                    break;
                }
            }
        }
        self.held.extend_from_slice(&read[passed..]);
        let end = start + passed;
        buffer.set_filled(end);
        Poll::Ready(Ok(passed > 0))
    }

    /// Reads behind a frame that is not whole.
    fn poll_read_held(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let len = self.held.len();
        self.held.resize(len + READ_SIZE, 0);
        let mut buffer = ReadBuf::new(&mut self.held[len..]);
        let read = Pin::new(&mut self.stream).poll_read(cx, &mut buffer);
        let count = buffer.filled().len();
        self.held.truncate(len + count);
        ready!(read)?;
        self.last_read = Instant::now();
        self.is_at_end = count == 0;
        self.inspect_held();
        Poll::Ready(Ok(()))
    }

    fn inspect_held(&mut self) {
        while self.violation.is_none() {
            match self.inspector.inspect(&self.held[self.cleared..]) {
                Step::Pass(count) => self.cleared += count,
                Step::NeedMore => return,
                Step::Malformed(count) => {
                    let rest = self.held.split_off(self.cleared);
                    self.hold_malformed(&rest, count);
                }
                Step::Fail(reason) => {
                    self.violation = Some(reason);
                    return;
                }
            }
        }
    }

    /// Holds `input`, whose first `len` bytes are the last frame of a field block that makes its message
    /// malformed. h2 cannot be told so, but resets a stream for a field that does not exist in HTTP/2.
    fn hold_malformed(&mut self, input: &[u8], len: usize) {
        let (frame, rest) = input.split_at(len);
        match self.inspector.with_connection_field(frame) {
            Some(frame) => self.held.extend_from_slice(&frame),
            None => self.violation = Some(Reason::PROTOCOL_ERROR),
        }
        self.cleared = self.held.len();
        self.held.extend_from_slice(rest);
    }

    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        let written = match data {
            [data] => stream.poll_write(cx, data),
            data => stream.poll_write_vectored(cx, data),
        };
        match &written {
            Poll::Pending => self.response.begin(Instant::now),
            Poll::Ready(Ok(count)) => self.response.pause(*count),
            Poll::Ready(Err(_)) => {}
        }
        written
    }
}
