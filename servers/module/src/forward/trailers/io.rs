//! The layer between hyper and the socket that writes the trailers of requests.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{ChunkScanner, TrailerSlot};

/// A stream on which the trailers in a [`TrailerSlot`] come after the last chunk of the request that hyper writes.
///
/// hyper itself only writes trailers that `Trailer` has announced, which no sender has to do (RFC 9110 section 6.6.2).
/// While no chunked request is being written, this costs a look at the slot.
#[derive(Debug)]
pub(in crate::forward) struct TrailerIo<S> {
    inner: S,
    slot: Arc<TrailerSlot>,
    /// Up to where the present chunked request has been written.
    written: ChunkScanner,
    /// What is still to be written of its trailers; empty if there are none, or they have not come.
    lines: Bytes,
}

impl<S> TrailerIo<S> {
    pub(in crate::forward) fn new(inner: S) -> Self {
        Self { inner, slot: Arc::default(), written: ChunkScanner::START, lines: Bytes::new() }
    }

    pub(in crate::forward) fn slot(&self) -> &Arc<TrailerSlot> {
        &self.slot
    }

    pub(in crate::forward) fn into_inner(self) -> S {
        self.inner
    }

    /// Notes that `count` bytes of `parts` have been written.
    fn advance(&mut self, parts: &[IoSlice<'_>], mut count: usize) {
        for part in parts {
            let part = &part[..part.len().min(count)];
            count -= part.len();
            self.written.pass(part);
        }
        if self.written == ChunkScanner::End {
            self.written = ChunkScanner::START;
            self.slot.close();
        }
    }
}

impl<S: AsyncWrite + Unpin> TrailerIo<S> {
    /// Writes a part of a chunked request, and its trailers in their place; how many bytes of `parts` were written.
    fn poll_write_request(&mut self, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        loop {
            if let Some(lines) = self.slot.take() {
                self.lines = lines;
            }
            let Some(before) = self.before_trailers(parts) else {
                let count = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, parts))?;
                self.advance(parts, count);
                return Poll::Ready(Ok(count));
            };
            let count = {
                let all = with_lines(parts, before, &self.lines);
                ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, &all))?
            };
            let of_lines = count.saturating_sub(before).min(self.lines.len());
            self.lines.advance(of_lines);
            self.advance(parts, count - of_lines);
            // hyper takes nothing written for an error.
            if of_lines == 0 || count > of_lines {
                return Poll::Ready(Ok(count - of_lines));
            }
        }
    }

    /// How many bytes of `parts` are written before the trailers; `None` if their place is not among them.
    fn before_trailers(&self, parts: &[IoSlice<'_>]) -> Option<usize> {
        if self.lines.is_empty() {
            return None;
        }
        let mut ahead = self.written;
        let before = parts.iter().map(|part| ahead.pass_chunks(part)).sum();
        (ahead == ChunkScanner::Trailers).then_some(before)
    }
}

/// `parts` with `lines` after their first `before` bytes.
fn with_lines<'a>(parts: &'a [IoSlice<'_>], mut before: usize, lines: &'a [u8]) -> Vec<IoSlice<'a>> {
    let mut all = Vec::with_capacity(parts.len() + 2);
    let mut is_placed = false;
    for part in parts {
        let (first, rest) = part.split_at(before.min(part.len()));
        before -= first.len();
        all.push(IoSlice::new(first));
        if before == 0 && !is_placed {
            all.push(IoSlice::new(lines));
            is_placed = true;
        }
        all.push(IoSlice::new(rest));
    }
    all.retain(|part| !part.is_empty());
    all
}

impl<S: AsyncRead + Unpin> AsyncRead for TrailerIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TrailerIo<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if self.slot.is_closed() {
            return Pin::new(&mut self.inner).poll_write(cx, data);
        }
        self.poll_write_request(cx, &[IoSlice::new(data)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.slot.is_closed() {
            return Pin::new(&mut self.inner).poll_write_vectored(cx, data);
        }
        self.poll_write_request(cx, data)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
