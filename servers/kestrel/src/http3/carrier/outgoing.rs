//! The direction to the client.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use h3::{
    error::Code,
    quic::{self, StreamErrorIncoming, StreamId, WriteBuf},
};
use quinn::{SendStream, StoppedError, VarInt, WriteError};

use super::{StreamState, lost, number, stream_id};

/// Completes when the client wants no more, with its code, or has everything.
pub(in crate::http3) type Stopped =
    Pin<Box<dyn Future<Output = Result<Option<VarInt>, StoppedError>> + Send + Sync>>;

/// A stream that is reset if it is dropped before its end.
pub(in crate::http3) struct Outgoing {
    id: quinn::StreamId,
    /// Until it leaves for a session of WebTransport.
    stream: Option<SendStream>,
    writing: Option<WriteBuf<Bytes>>,
    /// `None` on streams that live as long as the connection.
    state: Option<Arc<StreamState>>,
    has_ended: bool,
}

impl Outgoing {
    pub(super) fn request(stream: SendStream, state: Arc<StreamState>) -> Self {
        Self { id: stream.id(), stream: Some(stream), writing: None, state: Some(state), has_ended: false }
    }

    pub(super) fn critical(stream: SendStream) -> Self {
        Self { id: stream.id(), stream: Some(stream), writing: None, state: None, has_ended: false }
    }

    pub(super) fn id(&self) -> u64 {
        VarInt::from(self.id).into_inner()
    }

    pub(super) fn stopped(&self) -> Stopped {
        match &self.stream {
            Some(stream) => Box::pin(stream.stopped()),
            None => Box::pin(async { Ok(None) }),
        }
    }
}

impl quic::SendStream<Bytes> for Outgoing {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        if let (Some(data), Some(stream)) = (&mut self.writing, &mut self.stream) {
            while data.has_remaining() {
                let count =
                    ready!(Pin::new(&mut *stream).poll_write(cx, data.chunk())).map_err(write_error)?;
                data.advance(count);
                if let Some(state) = &self.state {
                    state.note_written(count);
                }
            }
        }
        self.writing = None;
        Poll::Ready(Ok(()))
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        if self.writing.is_some() {
            return Err(StreamErrorIncoming::Unknown("the stream still sends something else".into()));
        }
        self.writing = Some(data.into());
        Ok(())
    }

    fn poll_finish(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.has_ended = true;
        let finished = self.stream.as_mut().map_or(Ok(()), SendStream::finish);
        Poll::Ready(finished.map_err(|error| StreamErrorIncoming::Unknown(error.into())))
    }

    fn reset(&mut self, code: u64) {
        self.has_ended = true;
        if let Some(stream) = &mut self.stream {
            // A stream that has ended meanwhile needs none.
            let _ = stream.reset(number(code));
        }
    }

    fn send_id(&self) -> StreamId {
        stream_id(self.id)
    }
}

impl Drop for Outgoing {
    /// quinn would end the stream in order, and the client would take a part for the whole.
    fn drop(&mut self) {
        let Some(state) = &self.state else { return };
        if self.has_ended {
            return;
        }
        let Some(mut stream) = self.stream.take().and_then(|stream| state.keep(stream)) else { return };
        if state.failure().is_none() && state.head().is_too_large {
            // h3 has answered and leaves the end to the stream.
            let _ = stream.finish();
        } else {
            let code = state.failure().unwrap_or(Code::H3_INTERNAL_ERROR);
            let _ = stream.reset(number(code.value()));
        }
    }
}

fn write_error(error: WriteError) -> StreamErrorIncoming {
    match error {
        WriteError::Stopped(code) => StreamErrorIncoming::StreamTerminated { error_code: code.into_inner() },
        WriteError::ConnectionLost(error) => lost(error),
        error => StreamErrorIncoming::Unknown(error.into()),
    }
}
