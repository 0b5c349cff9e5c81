//! What the protocol engine reads and writes: a polled stream that says "would block".

use std::{
    io::{self, Read, Write},
    task::{Context, Poll},
};

use falconry_features::{DuplexStream, WebSocketClose};
use tungstenite::{
    Error,
    error::ProtocolError,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

/// A stream during one poll.
pub(super) struct Wire<'a, 'b> {
    pub(super) stream: &'a mut dyn DuplexStream,
    pub(super) cx: &'a mut Context<'b>,
}

impl Read for Wire<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        attempt(self.stream.poll_read(self.cx, buffer))
    }
}

impl Write for Wire<'_, '_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        attempt(self.stream.poll_write(self.cx, data))
    }

    fn flush(&mut self) -> io::Result<()> {
        attempt(self.stream.poll_flush(self.cx))
    }
}

fn attempt<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

/// The other way round: pending if it would block.
pub(super) fn poll_of<T>(result: Result<T, Error>) -> Poll<Result<T, Error>> {
    match result {
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}

/// What the peer is told about an error of its own (RFC 6455 section 7.4.1); `None` if there is nobody
/// to tell.
pub(super) fn close_code(error: &Error) -> Option<CloseCode> {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some(CloseCode::Protocol),
        Error::Utf8(_) => Some(CloseCode::Invalid),
        Error::Capacity(_) => Some(CloseCode::Size),
        _ => None,
    }
}

pub(super) fn to_frame(close: &WebSocketClose) -> Option<CloseFrame> {
    close.code().map(|code| CloseFrame { code: code.into(), reason: close.reason().into() })
}

/// What the engine lets through is a valid close.
pub(super) fn from_frame(frame: Option<CloseFrame>) -> WebSocketClose {
    frame
        .and_then(|frame| WebSocketClose::new(frame.code.into(), frame.reason.as_str()).ok())
        .unwrap_or_default()
}
