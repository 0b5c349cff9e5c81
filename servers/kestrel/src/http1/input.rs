//! Bytes from the socket that have not been handed on.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, ReadBuf};

/// Enough for most heads; more is taken when one is longer.
const INITIAL: usize = 2048;

/// A buffer that is filled at one end and emptied at the other.
#[derive(Debug, Default)]
pub(super) struct Input {
    storage: Vec<u8>,
    start: usize,
    end: usize,
}

impl Input {
    /// A buffer that holds `read` already.
    pub(super) fn new(read: Vec<u8>) -> Self {
        Self { end: read.len(), storage: read, start: 0 }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.storage[self.start..self.end]
    }

    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
            if self.storage.len() > INITIAL {
                // A connection at rest keeps no more than the usual.
                self.storage = Vec::new();
            }
        }
    }

    /// Reads once; 0 is the end of the peer's side.
    pub(super) fn poll_fill<S: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<usize>> {
        self.make_room();
        let mut buffer = ReadBuf::new(&mut self.storage[self.end..]);
        ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
        let count = buffer.filled().len();
        self.end += count;
        Poll::Ready(Ok(count))
    }

    fn make_room(&mut self) {
        if self.end < self.storage.len() {
            return;
        }
        if self.start > 0 {
            self.storage.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        } else {
            self.storage.resize((self.storage.len() * 2).max(INITIAL), 0);
        }
    }
}
