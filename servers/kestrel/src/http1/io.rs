//! The guarded socket as hyper reads and writes it.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use super::guard::Guard;
use crate::{connection::ConnectionShared, transport::Transport};

/// One of two handles to a guarded socket: hyper has one, the connection's task the other. Both run
/// in the same task, so that nobody ever waits for the lock.
#[derive(Debug)]
pub(super) struct GuardedIo<S> {
    guard: Arc<Mutex<Guard<S>>>,
    connection: Arc<ConnectionShared>,
}

impl<S: Transport> GuardedIo<S> {
    pub(super) fn new(guard: Guard<S>) -> Self {
        let connection = Arc::clone(&guard.connection);
        Self { guard: Arc::new(Mutex::new(guard)), connection }
    }

    pub(super) fn other_handle(&self) -> Self {
        Self { guard: Arc::clone(&self.guard), connection: Arc::clone(&self.connection) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Guard<S>> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The socket, once the other handle is gone.
    pub(super) fn into_guard(self) -> Option<Guard<S>> {
        Some(Arc::into_inner(self.guard)?.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Transport> hyper::rt::Read for GuardedIo<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.lock().poll_read(cx, buffer)
    }
}

impl<S: Transport> hyper::rt::Write for GuardedIo<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.lock().poll_write(cx, &[IoSlice::new(data)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.lock().poll_write(cx, data)
    }

    fn is_write_vectored(&self) -> bool {
        self.lock().stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.http1.has_more_heads() {
            // Another answer is about to follow; they leave together.
            return Poll::Ready(Ok(()));
        }
        self.lock().poll_flush_held(cx)
    }

    /// The connection's task ends the socket: it waits until the client has seen the last answer.
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
