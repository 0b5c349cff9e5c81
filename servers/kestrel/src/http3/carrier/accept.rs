//! The streams that a client opens beside its requests (RFC 9114 section 6.2).

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use h3::{error::Code, quic::ConnectionErrorIncoming};
use quinn::{ReadError, RecvStream};

use super::{Incoming, Opening, break_rules, connection_error, incoming::poll_chunk, number};
use crate::http3::{
    inspect::{
        ControlInspector, Fault, check_decoder_stream, check_encoder_stream, check_session, read_varint,
    },
    web_transport::{Arrived, ENABLED, Sessions, UNI_STREAM},
};

/// Finds the control stream for h3, and looks after the others itself: h3 takes no notice of them.
pub(super) struct UniStreams {
    connection: quinn::Connection,
    accepting: Option<Opening<RecvStream>>,
    /// Streams that have not said what they are; QUIC bounds their number.
    new: Vec<NewStream>,
    /// Streams of WebTransport that have not named their session.
    of_sessions: Vec<NewStream>,
    sessions: Arc<Sessions>,
    has_control: bool,
    encoder: Option<RecvStream>,
    decoder: Option<(RecvStream, Vec<u8>)>,
}

struct NewStream {
    stream: RecvStream,
    /// The beginning of its type, or of what takes the place of one.
    head: Vec<u8>,
    /// What has come and was not looked at.
    ahead: Bytes,
}

/// What a stream turned out to be; `rest` follows its type.
struct Typed {
    stream: RecvStream,
    number: u64,
    head: Bytes,
    rest: Bytes,
}

const CONTROL: u64 = 0x0;
const PUSH: u64 = 0x1;
const ENCODER: u64 = 0x2;
const DECODER: u64 = 0x3;

impl UniStreams {
    pub(super) fn new(connection: quinn::Connection, sessions: Arc<Sessions>) -> Self {
        Self {
            connection,
            accepting: None,
            new: Vec::new(),
            of_sessions: Vec::new(),
            sessions,
            has_control: false,
            encoder: None,
            decoder: None,
        }
    }

    /// Completes with the control stream.
    pub(super) fn poll_control(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Incoming, ConnectionErrorIncoming>> {
        while let Poll::Ready(stream) = self.poll_accept(cx) {
            let stream = stream.map_err(connection_error)?;
            self.new.push(NewStream { stream, head: Vec::new(), ahead: Bytes::new() });
        }
        let mut control = None;
        let mut index = 0;
        while index < self.new.len() {
            match self.new[index].poll_type(cx) {
                Poll::Pending => index += 1,
                // Section 6.2: it may end before it says what it is.
                Poll::Ready(None) => drop(self.new.swap_remove(index)),
                Poll::Ready(Some((number, head, rest))) => {
                    let stream = self.new.swap_remove(index).stream;
                    let found = self.take(Typed { stream, number, head, rest });
                    control = found.map_err(|fault| break_rules(&self.connection, fault))?.or(control);
                }
            }
        }
        self.poll_sessions(cx).map_err(|fault| break_rules(&self.connection, fault))?;
        self.poll_qpack(cx).map_err(|fault| break_rules(&self.connection, fault))?;
        control.map_or(Poll::Pending, |control| Poll::Ready(Ok(control)))
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Result<RecvStream, quinn::ConnectionError>> {
        let connection = &self.connection;
        let accepting = self.accepting.get_or_insert_with(|| {
            let connection = connection.clone();
            Box::pin(async move { connection.accept_uni().await })
        });
        let accepted = accepting.as_mut().poll(cx);
        if accepted.is_ready() {
            self.accepting = None;
        }
        accepted
    }

    fn take(&mut self, typed: Typed) -> Result<Option<Incoming>, Fault> {
        const TWICE: Fault =
            Fault::Connection(Code::H3_STREAM_CREATION_ERROR, "a stream that may be there once comes twice");
        let Typed { mut stream, number: kind, head, rest } = typed;
        match kind {
            CONTROL if std::mem::replace(&mut self.has_control, true) => Err(TWICE),
            CONTROL => {
                let mut inspector = ControlInspector::default();
                inspector.pass(head);
                inspector.push(rest)?;
                Ok(Some(Incoming::control(stream, self.connection.clone(), inspector)))
            }
            // Section 6.2.2: only servers push.
            PUSH => Err(Fault::Connection(Code::H3_STREAM_CREATION_ERROR, "a client pushes")),
            ENCODER => {
                check_encoder_stream(&rest)?;
                self.encoder.replace(stream).map_or(Ok(None), |_| Err(TWICE))
            }
            DECODER => {
                let mut begun = Vec::new();
                check_decoder_stream(&rest, &mut begun)?;
                self.decoder.replace((stream, begun)).map_or(Ok(None), |_| Err(TWICE))
            }
            UNI_STREAM if ENABLED => {
                self.of_sessions.push(NewStream { stream, head: Vec::new(), ahead: rest });
                Ok(None)
            }
            // Sections 6.2 and 9: unknown ones are not read.
            _ => {
                let _ = stream.stop(number(Code::H3_STREAM_CREATION_ERROR.value()));
                Ok(None)
            }
        }
    }

    fn poll_sessions(&mut self, cx: &mut Context<'_>) -> Result<(), Fault> {
        let mut index = 0;
        while index < self.of_sessions.len() {
            match self.of_sessions[index].poll_type(cx) {
                Poll::Pending => index += 1,
                Poll::Ready(None) => drop(self.of_sessions.swap_remove(index)),
                Poll::Ready(Some((session, _, rest))) => {
                    let receive = self.of_sessions.swap_remove(index).stream;
                    check_session(session)?;
                    self.sessions.deliver(session, Arrived { send: None, receive, rest });
                }
            }
        }
        Ok(())
    }

    fn poll_qpack(&mut self, cx: &mut Context<'_>) -> Result<(), Fault> {
        if let Some(encoder) = &mut self.encoder {
            while let Poll::Ready(chunk) = poll_chunk(encoder, cx) {
                let Some(data) = critical(chunk)? else { break };
                check_encoder_stream(&data)?;
            }
        }
        if let Some((decoder, begun)) = &mut self.decoder {
            while let Poll::Ready(chunk) = poll_chunk(decoder, cx) {
                let Some(data) = critical(chunk)? else { break };
                check_decoder_stream(&data, begun)?;
            }
        }
        Ok(())
    }
}

impl NewStream {
    /// Completes with the type of the stream as number and as bytes, and with what came behind it; with
    /// `None` if it has none.
    fn poll_type(&mut self, cx: &mut Context<'_>) -> Poll<Option<(u64, Bytes, Bytes)>> {
        loop {
            while self.ahead.has_remaining() {
                self.head.push(self.ahead.get_u8());
                if let Some((number, _)) = read_varint(&self.head) {
                    let head = std::mem::take(&mut self.head).into();
                    return Poll::Ready(Some((number, head, std::mem::take(&mut self.ahead))));
                }
            }
            let Poll::Ready(chunk) = poll_chunk(&mut self.stream, cx) else { return Poll::Pending };
            let Ok(Some(data)) = chunk else { return Poll::Ready(None) };
            self.ahead = data;
        }
    }
}

/// A piece of a stream that must not end (RFC 9204 section 4.2); `None` if the connection has.
fn critical(chunk: Result<Option<Bytes>, ReadError>) -> Result<Option<Bytes>, Fault> {
    match chunk {
        Ok(Some(data)) => Ok(Some(data)),
        Ok(None) | Err(ReadError::Reset(_)) => {
            Err(Fault::Connection(Code::H3_CLOSED_CRITICAL_STREAM, "a stream of QPACK has ended"))
        }
        Err(_) => Ok(None),
    }
}
