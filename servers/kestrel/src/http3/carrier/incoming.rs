//! The direction from the client.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h3::{
    error::Code,
    quic::{self, StreamErrorIncoming, StreamId},
};
use quinn::{ReadError, RecvStream};

use super::{StreamState, break_rules, lost, number, stream_id};
use crate::http3::inspect::{ControlInspector, Fault, RequestInspector};

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// A stream whose bytes are inspected.
pub(in crate::http3) struct Incoming {
    id: quinn::StreamId,
    /// Until it leaves for a session of WebTransport.
    stream: Option<RecvStream>,
    connection: quinn::Connection,
    inspector: Inspector,
    has_ended: bool,
}

enum Inspector {
    Request(RequestInspector, Arc<StreamState>),
    Control(ControlInspector),
}

impl Incoming {
    pub(super) fn request(
        stream: RecvStream,
        connection: quinn::Connection,
        max_section: u64,
        state: Arc<StreamState>,
    ) -> Self {
        let inspector = Inspector::Request(RequestInspector::new(max_section), state);
        Self { id: stream.id(), stream: Some(stream), connection, inspector, has_ended: false }
    }

    /// The control stream, of which something has been looked at already.
    pub(super) fn control(
        stream: RecvStream,
        connection: quinn::Connection,
        inspector: ControlInspector,
    ) -> Self {
        let inspector = Inspector::Control(inspector);
        Self { id: stream.id(), stream: Some(stream), connection, inspector, has_ended: false }
    }

    /// The rest of what the client sends is not wanted.
    fn stop(&mut self, code: u64) {
        if let Some(stream) = &mut self.stream {
            // A stream that has ended meanwhile needs none.
            let _ = stream.stop(number(code));
        }
    }

    /// Takes a stream that carries no request from h3.
    fn divert(&mut self) {
        if let Inspector::Request(request, state) = &mut self.inspector
            && let Some((session, rest)) = request.take_session()
            && let Some(stream) = self.stream.take()
        {
            state.divert(session, stream, rest);
        }
    }

    /// What h3 hears of such a stream.
    fn diverted(&self) -> StreamErrorIncoming {
        StreamErrorIncoming::StreamTerminated { error_code: Code::H3_NO_ERROR.value() }
    }

    fn fail(&mut self, fault: Fault) -> StreamErrorIncoming {
        match (&self.inspector, fault) {
            (Inspector::Request(_, state), Fault::Stream(code, reason)) => {
                tracing::debug!(%code, reason, "ConnectionBadRequest: a stream carries a malformed request");
                state.fail(code);
                self.has_ended = true;
                self.stop(code.value());
                StreamErrorIncoming::StreamTerminated { error_code: code.value() }
            }
            _ => StreamErrorIncoming::ConnectionErrorIncoming {
                connection_error: break_rules(&self.connection, fault),
            },
        }
    }

    fn fail_to_read(&mut self, error: ReadError) -> StreamErrorIncoming {
        match (error, &self.inspector) {
            (ReadError::Reset(_), Inspector::Control(_)) => {
                // RFC 9114 section 6.2.1.
                self.fail(Fault::Connection(Code::H3_CLOSED_CRITICAL_STREAM, "the control stream was reset"))
            }
            (ReadError::Reset(code), Inspector::Request(..)) => {
                self.has_ended = true;
                StreamErrorIncoming::StreamTerminated { error_code: code.into_inner() }
            }
            (ReadError::ConnectionLost(error), _) => lost(error),
            (error, _) => StreamErrorIncoming::Unknown(error.into()),
        }
    }
}

impl Inspector {
    fn pop(&mut self) -> Option<Bytes> {
        match self {
            Self::Request(request, _) => request.pop(),
            Self::Control(control) => control.pop(),
        }
    }

    fn push(&mut self, data: Bytes) -> Result<(), Fault> {
        match self {
            Self::Request(request, state) => {
                let result = request.push(data);
                if let Some(head) = request.head()
                    && !state.has_head()
                {
                    state.set_head(head.clone());
                }
                result
            }
            Self::Control(control) => control.push(data),
        }
    }

    fn end(&mut self) -> Result<(), Fault> {
        match self {
            Self::Request(request, _) => request.end(),
            Self::Control(control) => control.end(),
        }
    }
}

impl quic::RecvStream for Incoming {
    type Buf = Bytes;

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        loop {
            if let Some(data) = self.inspector.pop() {
                return Poll::Ready(Ok(Some(data)));
            }
            if self.has_ended {
                return Poll::Ready(Ok(None));
            }
            let Some(stream) = &mut self.stream else { return Poll::Ready(Err(self.diverted())) };
            let result = match ready!(poll_chunk(stream, cx)) {
                Ok(Some(data)) => self.inspector.push(data),
                Ok(None) => {
                    self.has_ended = true;
                    self.inspector.end()
                }
                Err(error) => return Poll::Ready(Err(self.fail_to_read(error))),
            };
            if let Err(fault) = result {
                return Poll::Ready(Err(self.fail(fault)));
            }
            self.divert();
        }
    }

    fn stop_sending(&mut self, code: u64) {
        self.has_ended = true;
        self.stop(code);
    }

    fn recv_id(&self) -> StreamId {
        stream_id(self.id)
    }
}

impl Drop for Incoming {
    /// The rest of a request that nobody reads is not wanted (RFC 9114 section 4.1).
    fn drop(&mut self) {
        if let Inspector::Request(_, state) = &self.inspector
            && !self.has_ended
        {
            let code = state.failure().unwrap_or(Code::H3_NO_ERROR);
            self.stop(code.value());
        }
    }
}

/// The next piece of a stream; `None` at its end.
pub(super) fn poll_chunk(
    stream: &mut RecvStream,
    cx: &mut Context<'_>,
) -> Poll<Result<Option<Bytes>, ReadError>> {
    let chunk = pin!(stream.read_chunk(CHUNK, true));
    chunk.poll(cx).map_ok(|chunk| chunk.map(|chunk| chunk.bytes))
}
