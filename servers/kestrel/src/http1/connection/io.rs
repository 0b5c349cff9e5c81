//! The socket with its buffers.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::time::Instant;

use super::super::{input::Input, waits::DataWait, write_buffer::WriteBuffer};
use crate::transport::Transport;

/// With so much for the client in the buffer nothing more is put there.
const FULL: usize = 64 * 1024;

/// A socket, what it has brought, and what is to leave.
#[derive(Debug)]
pub(super) struct Io<S> {
    pub(super) stream: S,
    pub(super) input: Input,
    pub(super) output: WriteBuffer,
    /// The client has ended its side.
    pub(super) is_at_end: bool,
    /// Something is waited for from the client.
    pub(super) is_read_pending: bool,
    /// How fast the client takes its responses.
    pub(super) response: DataWait,
    /// Since when the client has ended its side and taken nothing.
    pub(super) at_end_since: Option<Instant>,
    needs_flush: bool,
}

impl<S: Transport> Io<S> {
    /// A socket of which `read` has been read already.
    pub(super) fn new(stream: S, read: Vec<u8>) -> Self {
        Self {
            stream,
            input: Input::new(read),
            output: WriteBuffer::default(),
            is_at_end: false,
            is_read_pending: false,
            response: DataWait::default(),
            at_end_since: None,
            needs_flush: false,
        }
    }

    /// True if nothing more should be put into the buffer.
    pub(super) fn is_full(&self) -> bool {
        self.output.len() >= FULL
    }

    /// Reads once; 0 is the end of the client's side. `expected` bytes of a body are still to come.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>, expected: u64) -> Poll<io::Result<usize>> {
        let count = ready!(self.input.poll_fill(cx, &mut self.stream, expected))?;
        self.is_at_end = count == 0;
        Poll::Ready(Ok(count))
    }

    /// Completes when everything in the buffer has left.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.output.is_empty() {
            match self.output.poll_write(cx, &mut self.stream)? {
                Poll::Pending => {
                    self.response.begin(Instant::now);
                    return Poll::Pending;
                }
                Poll::Ready(count) => {
                    self.needs_flush = true;
                    self.response.pause(count);
                    // Who takes an answer has only half-closed.
                    self.at_end_since = None;
                }
            }
        }
        if self.needs_flush {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.needs_flush = false;
        }
        Poll::Ready(Ok(()))
    }
}
