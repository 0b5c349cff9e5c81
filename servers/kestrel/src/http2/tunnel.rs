//! A stream that has left HTTP by an extended CONNECT (RFC 8441).

use std::{
    io,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use falconry_features::DuplexStream;
use h2::{Reason, RecvStream, SendStream};

/// The DATA frames of a stream as bytes.
pub(super) struct Tunnel {
    send: SendStream<Bytes>,
    receive: RecvStream,
    /// What was received and not read.
    data: Bytes,
    has_ended: bool,
}

impl Tunnel {
    pub(super) fn new(send: SendStream<Bytes>, receive: RecvStream) -> Self {
        Self { send, receive, data: Bytes::new(), has_ended: false }
    }
}

impl DuplexStream for Tunnel {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        while self.data.is_empty() {
            match ready!(self.receive.poll_data(cx)) {
                Some(Ok(data)) => self.data = data,
                Some(Err(error)) => return Poll::Ready(Err(io_error(error))),
                None => return Poll::Ready(Ok(0)),
            }
        }
        let count = self.data.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.data.split_to(count));
        // A stream that has been closed meanwhile needs no room.
        let _ = self.receive.flow_control().release_capacity(count);
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if data.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.send.reserve_capacity(data.len());
        let mut room = self.send.capacity();
        if room == 0 {
            room = match ready!(self.send.poll_capacity(cx)) {
                Some(Ok(room)) => room,
                Some(Err(error)) => return Poll::Ready(Err(io_error(error))),
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            };
        }
        let count = room.min(data.len());
        let piece = Bytes::copy_from_slice(&data[..count]);
        Poll::Ready(self.send.send_data(piece, false).map(|()| count).map_err(io_error))
    }

    /// The connection sends what it has whenever it can.
    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if std::mem::replace(&mut self.has_ended, true) {
            return Poll::Ready(Ok(()));
        }
        Poll::Ready(self.send.send_data(Bytes::new(), true).map_err(io_error))
    }
}

impl Drop for Tunnel {
    /// An orderly end, as that of a socket; who wants another one aborts the request.
    fn drop(&mut self) {
        if !self.has_ended && self.send.send_data(Bytes::new(), true).is_err() {
            self.send.send_reset(Reason::CANCEL);
        }
    }
}

fn io_error(error: h2::Error) -> io::Error {
    if error.is_io() {
        return error.into_io().unwrap_or_else(|| io::ErrorKind::ConnectionReset.into());
    }
    io::Error::new(io::ErrorKind::ConnectionReset, error)
}
