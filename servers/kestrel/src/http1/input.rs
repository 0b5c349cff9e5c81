//! Bytes from the socket that have not been handed on.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncRead;
use tokio_util::io::poll_read_buf;

/// Enough for most heads; more is taken when one is longer. A connection at rest keeps no more.
const INITIAL: usize = 2048;

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
        let body = usize::try_from(expected).map_or(BODY, |expected| expected.min(BODY));
        let room = self.0.capacity() - self.0.len();
        // Little room means many calls, and small pieces for the application.
        if room < INITIAL / 4 || (room < body && self.0.is_empty()) {
            self.0.reserve(body.max(self.0.len()).max(INITIAL));
        }
        poll_read_buf(Pin::new(stream), cx, &mut self.0)
    }

    /// The connection rests: more than the usual is given back.
    pub(super) fn rest(&mut self) {
        if self.0.is_empty() && self.0.capacity() > INITIAL {
            self.0 = BytesMut::new();
        }
    }
}
