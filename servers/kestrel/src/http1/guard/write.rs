//! Writing for hyper.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::time::Instant;

use super::Guard;
use crate::transport::Transport;

const HTTP_1_0: &[u8] = b"HTTP/1.0";
const HTTP_1_1: &[u8] = b"HTTP/1.1";

impl<S: Transport> Guard<S> {
    /// Writes for hyper. While further heads wait in its buffer answers are held, to leave together.
    pub(in crate::http1) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Some(head) = data.first().and_then(|data| data.strip_prefix(HTTP_1_0))
            && self.connection.http1.takes_http10_head()
        {
            // A server states its own version (RFC 9110 section 6.2), not the one hyper repeats.
            self.outgoing.push(HTTP_1_1);
            self.outgoing.push(head);
            return Poll::Ready(Ok(HTTP_1_0.len() + head.len()));
        }
        let may_wait = !self.outgoing.is_empty() || self.connection.http1.has_more_heads();
        if may_wait && self.outgoing.has_room(data) {
            return Poll::Ready(Ok(self.outgoing.push_all(data)));
        }
        ready!(self.poll_write_held(cx))?;
        let stream = Pin::new(&mut self.stream);
        let written = match data {
            [data] => stream.poll_write(cx, data),
            data => stream.poll_write_vectored(cx, data),
        };
        self.count_write(&written);
        written
    }

    /// Everything leaves: what was held, and interim responses behind it.
    pub(in crate::http1) fn poll_flush_held(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(interim) = self.connection.http1.take_interim() {
            self.outgoing.push(&interim);
            self.connection.http1.interim_sent();
        }
        ready!(self.poll_write_held(cx))?;
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        if !self.response.is_waiting() {
            self.connection.http1.flushed();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_held(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outgoing.is_empty() {
            let written = self.outgoing.poll_write(cx, &mut self.stream);
            self.count_write(&written);
            ready!(written)?;
        }
        Poll::Ready(Ok(()))
    }

    fn count_write(&mut self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Pending => self.response.begin(Instant::now),
            Poll::Ready(Ok(count)) => {
                self.response.pause(*count);
                if self.is_at_end {
                    // Who takes an answer has only half-closed.
                    self.at_end_since = None;
                }
            }
            Poll::Ready(Err(_)) => {}
        }
    }
}
