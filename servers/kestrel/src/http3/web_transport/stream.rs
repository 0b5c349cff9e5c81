//! One stream of a session.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use falconry_features::DuplexStream;
use quinn::{RecvStream, SendStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::{Arrived, UNI_STREAM, code};
use crate::http3::inspect::write_varint;

/// A stream of QUIC whose first bytes name its session; it ends with the session.
pub(super) struct Stream {
    send: Option<SendStream>,
    receive: Option<RecvStream>,
    /// What goes ahead of what is written.
    ahead: Bytes,
    /// What was received with the first bytes.
    rest: Bytes,
    has_ended: bool,
    session: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Stream {
    /// A stream of the client.
    pub(super) fn arrived(stream: Arrived, session: &CancellationToken) -> Self {
        let Arrived { send, receive, rest } = stream;
        Self {
            send,
            receive: Some(receive),
            ahead: Bytes::new(),
            rest,
            has_ended: false,
            session: Box::pin(session.clone().cancelled_owned()),
        }
    }

    /// A stream that only this side writes.
    pub(super) fn opened(send: SendStream, id: u64, session: &CancellationToken) -> Self {
        let mut ahead = Vec::with_capacity(10);
        write_varint(UNI_STREAM, &mut ahead);
        write_varint(id, &mut ahead);
        Self {
            send: Some(send),
            receive: None,
            ahead: ahead.into(),
            rest: Bytes::new(),
            has_ended: false,
            session: Box::pin(session.clone().cancelled_owned()),
        }
    }

    /// The error of everything once the session has ended; else the task hears of that.
    fn check_session(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.session.as_mut().poll(cx).is_pending() {
            return Ok(());
        }
        self.give_up(code::SESSION_GONE);
        Err(io::Error::new(io::ErrorKind::ConnectionReset, "the WebTransport session has ended"))
    }

    fn give_up(&mut self, code: quinn::VarInt) {
        // What has ended meanwhile needs no end.
        if let Some(mut send) = self.send.take() {
            let _ = send.reset(code);
        }
        if let Some(mut receive) = self.receive.take() {
            let _ = receive.stop(code);
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let Some(send) = &mut self.send else { return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())) };
        Pin::new(send).poll_write(cx, data).map_err(io::Error::from)
    }

    fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.ahead.is_empty() {
            let ahead = self.ahead.clone();
            let count = ready!(self.poll_send(cx, &ahead))?;
            self.ahead.advance(count);
        }
        Poll::Ready(Ok(()))
    }
}

impl DuplexStream for Stream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if !self.rest.is_empty() {
            let count = self.rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&self.rest.split_to(count));
            return Poll::Ready(Ok(count));
        }
        self.check_session(cx)?;
        match &mut self.receive {
            Some(receive) => receive.poll_read(cx, buffer).map_err(io::Error::from),
            None => Poll::Ready(Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "only this side writes to the stream",
            ))),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.check_session(cx)?;
        ready!(self.poll_ahead(cx))?;
        if data.is_empty() { Poll::Ready(Ok(0)) } else { self.poll_send(cx, data) }
    }

    /// QUIC sends by itself; this waits for the first bytes only.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check_session(cx)?;
        if self.send.is_some() { self.poll_ahead(cx) } else { Poll::Ready(Ok(())) }
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.has_ended || self.send.is_none() {
            return Poll::Ready(Ok(()));
        }
        self.check_session(cx)?;
        ready!(self.poll_ahead(cx))?;
        self.has_ended = true;
        if let Some(send) = &mut self.send {
            // The client may have said meanwhile that it wants no more.
            let _ = send.finish();
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for Stream {
    /// quinn ends what was written in order, as that of a socket; the rest of what the client sends is not wanted.
    fn drop(&mut self) {
        if !self.ahead.is_empty() {
            self.give_up(code::none());
        } else if let Some(receive) = &mut self.receive {
            // What has ended meanwhile needs no end.
            let _ = receive.stop(code::none());
        }
    }
}
