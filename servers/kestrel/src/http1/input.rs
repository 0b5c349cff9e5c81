//! Bytes from the socket that have not been handed on.

use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::poll_read_buf;

/// How much is read at once where no body is expected: many heads of a client that sends them together.
const HEADS: usize = 4 * 1024;

/// A connection that waits for a request keeps no more room than this.
const KEPT: usize = 1024;

/// How much room a body is read into at most.
const BODY: usize = 64 * 1024;

/// Up to here a copy of a piece costs less than sharing the buffer.
const SMALL_PIECE: usize = 1024;

/// A buffer that is filled at one end and emptied at the other.
#[derive(Debug)]
pub(super) struct Input(BytesMut);

impl Input {
    /// A buffer that holds `read` already.
    pub(super) fn new(read: Vec<u8>) -> Self {
        Self(BytesMut::from(&read[..]))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn consume(&mut self, count: usize) {
        if count >= self.0.len() {
            self.0.clear();
        } else {
            bytes::Buf::advance(&mut self.0, count);
        }
    }

    /// Takes the first `count` bytes out, at most those that are there; if there are many, without a copy.
    pub(super) fn take(&mut self, count: usize) -> Bytes {
        if count > SMALL_PIECE {
            return self.0.split_to(count.min(self.0.len())).freeze();
        }
        let piece = Bytes::copy_from_slice(self.0.get(..count).unwrap_or(&self.0));
        self.consume(count);
        piece
    }

    /// Reads once; 0 is the end of the peer's side. `expected` bytes of a body are still to come.
    pub(super) fn poll_fill<S: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
        expected: u64,
    ) -> Poll<io::Result<usize>> {
        if self.0.is_empty() && expected == 0 {
            return self.poll_read_heads(cx, stream);
        }
        let wanted = usize::try_from(expected).map_or(BODY, |expected| expected.min(BODY)).max(HEADS);
        let room = self.0.capacity() - self.0.len();
        // Little room means many calls, and small pieces for the application.
        if room < HEADS / 4 || (room < wanted && self.0.is_empty()) {
            self.0.reserve(wanted.max(self.0.len()));
        }
        poll_read_buf(Pin::new(stream), cx, &mut self.0)
    }

    /// Reads through the stack: a connection that waits for its next request takes no room for it.
    fn poll_read_heads<S: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<usize>> {
        let mut buffer = [MaybeUninit::uninit(); HEADS];
        let mut buffer = ReadBuf::uninit(&mut buffer);
        ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
        self.0.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// The connection waits for a request: more than the usual is given back.
    pub(super) fn shrink(&mut self) {
        if self.0.is_empty() && self.0.capacity() > KEPT {
            self.release();
        }
    }

    /// The connection rests: everything is given back.
    pub(super) fn release(&mut self) {
        if self.0.is_empty() {
            self.0 = BytesMut::new();
        }
    }
}
