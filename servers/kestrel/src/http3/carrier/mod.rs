//! quinn as the h3 crate wants it, with every byte of the client inspected on its way.
//!
//! h3-quinn is not used: it panics when reading is given up while a read waits, and its streams end in order when
//! they are dropped, which makes half a response look whole.

mod accept;
mod incoming;
mod outgoing;
mod state;

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h3::{
    error::Code,
    quic::{self, ConnectionErrorIncoming, StreamErrorIncoming, StreamId},
};
use quinn::{ConnectionError, VarInt};

use self::accept::UniStreams;
pub(super) use self::{
    incoming::Incoming,
    outgoing::{Outgoing, Stopped},
    state::StreamState,
};
use super::{inspect::Fault, web_transport::Sessions};

type Opening<T> = Pin<Box<dyn Future<Output = Result<T, ConnectionError>> + Send>>;

/// One connection.
pub(super) struct Carrier {
    connection: quinn::Connection,
    max_section: u64,
    accepting: Option<Opening<(quinn::SendStream, quinn::RecvStream)>>,
    uni_streams: UniStreams,
    opener: Opener,
}

/// Opens streams.
pub(super) struct Opener {
    connection: quinn::Connection,
    opening: Option<Opening<quinn::SendStream>>,
}

/// Both directions of the stream of a request.
pub(super) struct Bidi {
    send: Outgoing,
    receive: Incoming,
    state: Arc<StreamState>,
}

impl Carrier {
    /// Clients may send field sections of this size.
    pub(super) fn new(connection: quinn::Connection, max_section: u64, sessions: Arc<Sessions>) -> Self {
        Self {
            max_section,
            accepting: None,
            uni_streams: UniStreams::new(connection.clone(), sessions),
            opener: Opener::new(connection.clone()),
            connection,
        }
    }
}

impl Bidi {
    pub(super) fn state(&self) -> &Arc<StreamState> {
        &self.state
    }

    pub(super) fn id(&self) -> u64 {
        self.send.id()
    }

    /// Completes when the client wants no more of the response, or has all of it.
    pub(super) fn stopped(&self) -> Stopped {
        self.send.stopped()
    }
}

impl quic::Connection<Bytes> for Carrier {
    type RecvStream = Incoming;
    type OpenStreams = Opener;

    fn poll_accept_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Incoming, ConnectionErrorIncoming>> {
        self.uni_streams.poll_control(cx)
    }

    fn poll_accept_bidi(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bidi, ConnectionErrorIncoming>> {
        let connection = &self.connection;
        let accepting = self.accepting.get_or_insert_with(|| {
            let connection = connection.clone();
            Box::pin(async move { connection.accept_bi().await })
        });
        let accepted = ready!(accepting.as_mut().poll(cx));
        self.accepting = None;
        let (send, receive) = accepted.map_err(connection_error)?;
        let state = Arc::<StreamState>::default();
        Poll::Ready(Ok(Bidi {
            send: Outgoing::request(send, Arc::clone(&state)),
            receive: Incoming::request(receive, connection.clone(), self.max_section, Arc::clone(&state)),
            state,
        }))
    }

    fn opener(&self) -> Opener {
        Opener::new(self.connection.clone())
    }
}

impl quic::OpenStreams<Bytes> for Carrier {
    type BidiStream = Bidi;
    type SendStream = Outgoing;

    fn poll_open_bidi(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bidi, StreamErrorIncoming>> {
        self.opener.poll_open_bidi(cx)
    }

    fn poll_open_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<Outgoing, StreamErrorIncoming>> {
        self.opener.poll_open_send(cx)
    }

    fn close(&mut self, code: Code, reason: &[u8]) {
        close(&self.connection, code, reason);
    }
}

impl Opener {
    fn new(connection: quinn::Connection) -> Self {
        Self { connection, opening: None }
    }
}

impl quic::OpenStreams<Bytes> for Opener {
    type BidiStream = Bidi;
    type SendStream = Outgoing;

    /// Servers open none (RFC 9114 section 6.1).
    fn poll_open_bidi(&mut self, _cx: &mut Context<'_>) -> Poll<Result<Bidi, StreamErrorIncoming>> {
        Poll::Ready(Err(StreamErrorIncoming::Unknown("a server opens no streams for requests".into())))
    }

    fn poll_open_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<Outgoing, StreamErrorIncoming>> {
        let connection = &self.connection;
        let opening = self.opening.get_or_insert_with(|| {
            let connection = connection.clone();
            Box::pin(async move { connection.open_uni().await })
        });
        let opened = ready!(opening.as_mut().poll(cx));
        self.opening = None;
        Poll::Ready(opened.map(Outgoing::critical).map_err(lost))
    }

    fn close(&mut self, code: Code, reason: &[u8]) {
        close(&self.connection, code, reason);
    }
}

impl quic::SendStream<Bytes> for Bidi {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.send.poll_ready(cx)
    }

    fn send_data<T: Into<quic::WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        self.send.send_data(data)
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.send.poll_finish(cx)
    }

    fn reset(&mut self, code: u64) {
        self.send.reset(code);
    }

    fn send_id(&self) -> StreamId {
        self.send.send_id()
    }
}

impl quic::RecvStream for Bidi {
    type Buf = Bytes;

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        self.receive.poll_data(cx)
    }

    fn stop_sending(&mut self, code: u64) {
        self.receive.stop_sending(code);
    }

    fn recv_id(&self) -> StreamId {
        self.receive.recv_id()
    }
}

impl quic::BidiStream<Bytes> for Bidi {
    type SendStream = Outgoing;
    type RecvStream = Incoming;

    fn split(self) -> (Outgoing, Incoming) {
        (self.send, self.receive)
    }
}

/// Ends the connection; the first reason is the one that counts.
pub(super) fn close(connection: &quinn::Connection, code: Code, reason: &[u8]) {
    connection.close(number(code.value()), reason);
}

/// Ends the connection for what the client did.
fn break_rules(connection: &quinn::Connection, fault: Fault) -> ConnectionErrorIncoming {
    let (Fault::Connection(code, reason) | Fault::Stream(code, reason)) = fault;
    tracing::debug!(%code, reason, "ConnectionError: the client breaks the rules of HTTP/3");
    close(connection, code, reason.as_bytes());
    ConnectionErrorIncoming::InternalError(reason.to_owned())
}

fn connection_error(error: ConnectionError) -> ConnectionErrorIncoming {
    match error {
        ConnectionError::ApplicationClosed(close) => {
            ConnectionErrorIncoming::ApplicationClose { error_code: close.error_code.into_inner() }
        }
        ConnectionError::TimedOut => ConnectionErrorIncoming::Timeout,
        other => ConnectionErrorIncoming::Undefined(Arc::new(other)),
    }
}

fn lost(error: ConnectionError) -> StreamErrorIncoming {
    StreamErrorIncoming::ConnectionErrorIncoming { connection_error: connection_error(error) }
}

/// The number of a stream for h3; both count alike (RFC 9000 section 2.1).
fn stream_id(id: quinn::StreamId) -> StreamId {
    let id = VarInt::from(id).into_inner();
    // Never: a stream has a number of 62 bits.
    StreamId::try_from(id).unwrap_or_else(|_| h3::proto::varint::VarInt::from_u32(0).into())
}

/// A code as QUIC sends it; one that is too large becomes the largest.
fn number(code: u64) -> VarInt {
    VarInt::from_u64(code).unwrap_or(VarInt::MAX)
}
