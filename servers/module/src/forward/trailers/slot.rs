//! Trailers on their way from a request's body to the socket, past hyper.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU8, Ordering},
};

use bytes::Bytes;

/// What a connection's body leaves for its socket: trailers, while a chunked request is being written.
#[derive(Debug, Default)]
pub(in crate::forward) struct TrailerSlot {
    state: AtomicU8,
    fields: Mutex<Bytes>,
}

/// No chunked request is being written.
const CLOSED: u8 = 0;
/// One is, and so far it has no trailers.
const EMPTY: u8 = 1;
/// Its body has ended with trailers.
const FILLED: u8 = 2;

impl TrailerSlot {
    /// A chunked request comes next; all that comes before it has been written.
    pub(in crate::forward) fn open(&self) {
        self.state.store(EMPTY, Ordering::Release);
    }

    /// Leaves the lines of a trailer section. The last chunk has not been written.
    pub(in crate::forward) fn fill(&self, lines: Bytes) {
        *self.fields.lock().unwrap_or_else(PoisonError::into_inner) = lines;
        self.state.store(FILLED, Ordering::Release);
    }

    /// False while a chunked request is being written.
    pub(in crate::forward) fn is_closed(&self) -> bool {
        self.state.load(Ordering::Acquire) == CLOSED
    }

    /// The lines, once.
    pub(super) fn take(&self) -> Option<Bytes> {
        if self.state.load(Ordering::Acquire) != FILLED {
            return None;
        }
        self.state.store(EMPTY, Ordering::Release);
        Some(std::mem::take(&mut *self.fields.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// The request has been written.
    pub(super) fn close(&self) {
        self.state.store(CLOSED, Ordering::Release);
    }
}
