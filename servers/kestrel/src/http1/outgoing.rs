//! Bytes to the socket that are held for a moment, so that pipelined answers leave together.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::AsyncWrite;

/// More than this is not held: writing it at once costs less than copying it.
const LIMIT: usize = 16 * 1024;

/// What hyper has written and the socket has not got yet.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outgoing {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// True if `data` may be held behind what is held already.
    pub(super) fn has_room(&self, data: &[IoSlice<'_>]) -> bool {
        let length: usize = data.iter().map(|data| data.len()).sum();
        self.bytes.len() + length <= LIMIT
    }

    pub(super) fn push(&mut self, data: &[u8]) {
        self.bytes.extend_from_slice(data);
    }

    /// Holds all of `data`.
    pub(super) fn push_all(&mut self, data: &[IoSlice<'_>]) -> usize {
        let before = self.bytes.len();
        data.iter().for_each(|data| self.bytes.extend_from_slice(data));
        self.bytes.len() - before
    }

    /// Writes once; how much, or 0 if nothing is held.
    pub(super) fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<usize>> {
        if self.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let count = ready!(Pin::new(stream).poll_write(cx, &self.bytes[self.sent..]))?;
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.sent += count;
        if self.sent == self.bytes.len() {
            self.bytes.clear();
            self.sent = 0;
        }
        Poll::Ready(Ok(count))
    }
}
