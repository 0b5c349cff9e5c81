//! Bytes for the socket: small pieces put together, so that pipelined answers leave together; large ones as they are.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

/// Up to here copying a piece costs less than writing it from where it is.
const SMALL_PIECE: usize = 4 * 1024;

/// What one call of the system is given at most.
const MAX_SLICES: usize = 32;

/// A connection that waits for a request keeps no more room than this.
const KEPT: usize = 512;

/// What the socket has not got yet.
#[derive(Debug, Default)]
pub(super) struct WriteBuffer {
    /// Goes first.
    flat: Vec<u8>,
    /// How much of that has left.
    sent: usize,
    /// Goes next.
    queue: VecDeque<Bytes>,
    queued: usize,
}

impl WriteBuffer {
    pub(super) fn is_empty(&self) -> bool {
        self.flat.is_empty() && self.queue.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.flat.len() - self.sent + self.queued
    }

    /// Appends what `write` appends to the buffer that it is given.
    pub(super) fn write<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        if self.queue.is_empty() {
            return write(&mut self.flat);
        }
        let mut piece = Vec::new();
        let result = write(&mut piece);
        self.queued += piece.len();
        self.queue.push_back(piece.into());
        result
    }

    /// Appends a copy.
    pub(super) fn push(&mut self, data: &[u8]) {
        self.write(|buffer| buffer.extend_from_slice(data));
    }

    /// Appends a piece of a body.
    pub(super) fn push_bytes(&mut self, data: Bytes) {
        if data.len() <= SMALL_PIECE {
            self.push(&data);
        } else {
            self.queued += data.len();
            self.queue.push_back(data);
        }
    }

    /// Writes once; how much.
    pub(super) fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<usize>> {
        let flat = &self.flat[self.sent..];
        let stream = Pin::new(stream);
        let count = if self.queue.is_empty() {
            ready!(stream.poll_write(cx, flat))?
        } else {
            let mut slices = [IoSlice::new(&[]); MAX_SLICES];
            let pieces = std::iter::once(flat).chain(self.queue.iter().map(|piece| &piece[..]));
            let mut used = 0;
            for (slice, piece) in slices.iter_mut().zip(pieces.filter(|piece| !piece.is_empty())) {
                *slice = IoSlice::new(piece);
                used += 1;
            }
            ready!(stream.poll_write_vectored(cx, slices.get(..used).unwrap_or_default()))?
        };
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.sent(count);
        Poll::Ready(Ok(count))
    }

    /// The connection waits for a request: more than the usual is given back.
    pub(super) fn shrink(&mut self) {
        if self.flat.capacity() > KEPT || self.queue.capacity() > 0 {
            self.release();
        }
    }

    /// The connection rests: everything is given back.
    pub(super) fn release(&mut self) {
        if self.is_empty() {
            *self = Self::default();
        }
    }

    fn sent(&mut self, count: usize) {
        let of_flat = count.min(self.flat.len() - self.sent);
        self.sent += of_flat;
        if self.sent == self.flat.len() {
            self.flat.clear();
            self.sent = 0;
        }
        let mut left = count - of_flat;
        self.queued -= left;
        while let Some(piece) = self.queue.front_mut().filter(|_| left > 0) {
            if piece.len() > left {
                piece.advance(left);
                return;
            }
            left -= piece.len();
            self.queue.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// Takes so many bytes at a time.
    struct Narrow(usize, Vec<u8>);

    impl AsyncWrite for Narrow {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
            let this = self.get_mut();
            let count = data.len().min(this.0);
            this.1.extend_from_slice(&data[..count]);
            Poll::Ready(Ok(count))
        }

        fn poll_write_vectored(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            data: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let this = self.get_mut();
            let all = data.iter().flat_map(|slice| slice.iter()).take(this.0);
            let before = this.1.len();
            this.1.extend(all);
            Poll::Ready(Ok(this.1.len() - before))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn pieces_of_any_size_leave_in_order_however_much_the_socket_takes() {
        for room in [11, 977, 4096, 4100, 1 << 20] {
            let mut buffer = WriteBuffer::default();
            let mut expected = Vec::new();
            for (number, size) in [3, 5000, 2, 9000, 4096, 1, 4097].into_iter().enumerate() {
                let piece = vec![b'a' + number as u8; size];
                expected.extend_from_slice(&piece);
                buffer.push_bytes(piece.into());
            }
            for number in 0..100_u8 {
                expected.extend_from_slice(&[number; 5000]);
                buffer.push_bytes(vec![number; 5000].into());
            }
            let mut stream = Narrow(room, Vec::new());
            let mut cx = Context::from_waker(Waker::noop());
            while !buffer.is_empty() {
                assert_eq!(buffer.len(), expected.len() - stream.1.len());
                assert!(buffer.poll_write(&mut cx, &mut stream).is_ready());
            }
            assert_eq!(buffer.len(), 0);
            assert!(stream.1 == expected, "room for {room}");
        }
    }
}
