//! The stream, with what has come in and what is to go out.

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, BytesMut};
use http::{StatusCode, Version};

use crate::{
    BadHttpRequestError, BodyFraming, CancellationToken, DuplexStream, ResponseHead,
    http1::{RequestHead, RequestLimits, RequestReader, ResponseWriter},
};

/// What is read at once.
const PIECE: usize = 16 * 1024;
/// What a client may still send once the connection is over.
const MOST_LINGERING: usize = 1024 * 1024;

/// The stream, with what has come in and what is to go out.
pub(super) struct Wire<T> {
    pub(super) stream: T,
    pub(super) reader: RequestReader,
    pub(super) output: BytesMut,
    /// That of the present request, or of the last one.
    pub(super) writer: ResponseWriter,
    /// Once it fires, the next response that starts is the last.
    stopping: CancellationToken,
    max_body_size: Option<u64>,
    /// What of the present body is left to the limit of its request.
    pub(super) body_room: BodyRoom,
    /// Counts the requests and their ends, so that a part of an old one is known as such.
    pub(super) number: u64,
    /// Something of the present response is on its way.
    pub(super) has_left: bool,
    /// The client has ended its side.
    pub(super) is_at_end: bool,
    /// The response broke off: only the end of the connection can tell.
    pub(super) is_broken: bool,
    /// The stream has left HTTP.
    pub(super) is_taken: bool,
    is_shut: bool,
    lingered: usize,
}

impl<T: DuplexStream> Wire<T> {
    pub(super) fn new(stream: T, limits: RequestLimits, stopping: &CancellationToken) -> Self {
        Self {
            stream,
            reader: RequestReader::new(limits),
            output: BytesMut::new(),
            writer: ResponseWriter::with(Version::HTTP_11, true),
            stopping: stopping.clone(),
            max_body_size: limits.max_body_size,
            body_room: BodyRoom::default(),
            number: 0,
            has_left: false,
            is_at_end: false,
            is_broken: false,
            is_taken: false,
            is_shut: false,
            lingered: 0,
        }
    }

    pub(super) fn begin(&mut self, head: &RequestHead) {
        self.writer = ResponseWriter::new(head);
        self.body_room = BodyRoom { limit: self.max_body_size, read: None };
        self.number += 1;
        self.has_left = false;
    }

    pub(super) fn start(&mut self, head: &ResponseHead, framing: BodyFraming) {
        if self.stopping.is_cancelled() {
            self.writer.close();
        }
        self.writer.start(head, framing, &mut self.output);
    }

    /// Reads once. If nothing is there, what is to go out leaves: the client may wait for it.
    pub(super) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut piece = [0; PIECE];
        let length = match self.stream.poll_read(cx, &mut piece) {
            Poll::Ready(length) => length?,
            Poll::Pending => {
                // A client that does not read may still send.
                return match self.poll_flush(cx) {
                    Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                    _ => Poll::Pending,
                };
            }
        };
        self.is_at_end = length == 0;
        self.reader.receive(piece.get(..length).unwrap_or_default());
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.output.is_empty() {
            let length = ready!(self.stream.poll_write(cx, &self.output))?;
            if length == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            // Interim responses are none of it.
            self.has_left |= self.writer.has_started();
            self.output.advance(length);
        }
        self.stream.poll_flush(cx)
    }

    /// The response breaks off: nothing more of it leaves.
    pub(super) fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_broken = true;
        self.output.clear();
        self.poll_shutdown(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_shut {
            ready!(self.stream.poll_shutdown(cx))?;
            self.is_shut = true;
        }
        Poll::Ready(Ok(()))
    }

    /// See [`Connection::close`](super::Connection::close).
    pub(super) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_taken {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_flush(cx))?;
        ready!(self.poll_shutdown(cx))?;
        let mut piece = [0; PIECE];
        while !self.is_broken && !self.is_at_end && self.lingered < MOST_LINGERING {
            let length = ready!(self.stream.poll_read(cx, &mut piece))?;
            self.is_at_end = length == 0;
            self.lingered += length;
        }
        Poll::Ready(Ok(()))
    }
}

/// What of a body is left to the limit of its request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BodyRoom {
    pub(super) limit: Option<u64>,
    /// How much was read; `None` before the first read.
    pub(super) read: Option<u64>,
}

impl BodyRoom {
    /// Counts `length` octets that were read and at least `ahead` that follow.
    ///
    /// # Errors
    /// 413: it is more than the limit.
    pub(super) fn count(&mut self, length: u64, ahead: u64) -> Result<(), BadHttpRequestError> {
        let read = self.read.unwrap_or(0) + length;
        self.read = Some(read);
        match self.limit {
            Some(limit) if read.saturating_add(ahead) > limit => Err(BadHttpRequestError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the body is larger than {limit} bytes, the limit of this request"),
            )),
            _ => Ok(()),
        }
    }
}

pub(super) fn lock<T>(wire: &Mutex<Wire<T>>) -> MutexGuard<'_, Wire<T>> {
    wire.lock().unwrap_or_else(PoisonError::into_inner)
}
