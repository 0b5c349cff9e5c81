//! Stands between the socket and h2: only frames that are in order pass.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use h2::Reason;
use tokio::{io::ReadBuf, time::Instant};

use crate::{http1::DataWait, transport::Transport};

/// The guarded socket of one connection.
#[derive(Debug)]
pub(super) struct Guard<S> {
    pub(super) stream: S,
    /// What has been read and not gone to h2.
    held: Vec<u8>,
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
    pub(super) fn new(stream: S, read: Vec<u8>) -> Self {
        Self {
            stream,
            held: read,
            violation: None,
            is_at_end: false,
            last_read: Instant::now(),
            response: DataWait::default(),
        }
    }

    /// The reason for which the connection must end.
    pub(super) fn violation(&self) -> Option<Reason> {
        self.violation
    }

    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.held.is_empty() {
            let count = self.held.len().min(buffer.remaining());
            buffer.put_slice(&self.held[..count]);
            self.held.drain(..count);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.is_at_end = buffer.filled().len() == before;
        self.last_read = Instant::now();
        Poll::Ready(Ok(()))
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
