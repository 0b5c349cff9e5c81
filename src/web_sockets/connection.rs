//! [`Connection`]: the server's side of a WebSocket, over any stream.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use falconry_features::{
    CancellationToken, Cancelled, DuplexStream, FeatureError, WebSocket, WebSocketClose, WebSocketMessage,
    WebSocketMessageKind, WebSocketState,
};
use tokio::{runtime::Handle, time::Sleep};
use tungstenite::{
    Error, Message,
    protocol::{
        CloseFrame, Role, WebSocketConfig, WebSocketContext,
        frame::{
            Frame,
            coding::{CloseCode, Data, OpCode},
        },
    },
};

use super::{
    WebSocketOptions,
    ending::Ending,
    keep_alive::KeepAlive,
    wire::{Wire, from_frame, poll_of, to_frame},
};

/// A message over this is sent in several frames, so that no more than one of them is ever copied.
const MAX_FRAME: usize = 1024 * 1024;
/// What answers to pings may take on top while the client does not read.
const ROOM_FOR_PONGS: usize = 64 * 1024;
const READ_BUFFER: usize = 16 * 1024;

/// The server's side of a WebSocket.
pub(super) struct Connection {
    /// Gone once the connection has been given up.
    pub(super) stream: Option<Box<dyn DuplexStream>>,
    engine: WebSocketContext,
    pub(super) sub_protocol: Option<String>,
    pub(super) state: WebSocketState,
    pub(super) close_received: Option<WebSocketClose>,
    /// The kind of a message that has been sent in part.
    unfinished: Option<WebSocketMessageKind>,
    /// The present call of `poll_send` has taken data.
    is_sending: bool,
    /// The present call of `poll_close_output` has its frame under way.
    is_closing: bool,
    /// Something may not have left yet.
    pub(super) is_unflushed: bool,
    pub(super) ending: Option<Ending>,
    pub(super) keep_alive: KeepAlive,
    pub(super) close_timeout: Duration,
    pub(super) close_timer: Option<Pin<Box<Sleep>>>,
    stopping: Vec<Cancelled>,
}

impl Connection {
    pub(super) fn new(
        stream: Box<dyn DuplexStream>,
        options: &WebSocketOptions,
        keep_alive: KeepAlive,
    ) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            // Every frame is flushed at once.
            .write_buffer_size(0)
            .max_write_buffer_size(MAX_FRAME + ROOM_FOR_PONGS)
            .max_message_size(Some(options.max_message_size))
            .max_frame_size(Some(options.max_message_size));
        Self {
            stream: Some(stream),
            engine: WebSocketContext::new(Role::Server, Some(config)),
            sub_protocol: None,
            state: WebSocketState::Open,
            close_received: None,
            unfinished: None,
            is_sending: false,
            is_closing: false,
            is_unflushed: false,
            ending: None,
            keep_alive,
            close_timeout: options.close_timeout,
            close_timer: None,
            stopping: Vec::new(),
        }
    }

    /// Says goodbye with 1001 when one of them fires.
    pub(super) fn stop_on(&mut self, tokens: impl Iterator<Item = CancellationToken>) {
        self.stopping = tokens.map(|token| token.cancelled()).collect();
    }

    /// Lets the engine work on the stream; pending if it would block.
    pub(super) fn drive<T>(
        &mut self,
        cx: &mut Context<'_>,
        step: impl FnOnce(&mut WebSocketContext, &mut Wire<'_, '_>) -> Result<T, Error>,
    ) -> Poll<Result<T, Error>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(Err(Error::AlreadyClosed)) };
        poll_of(step(&mut self.engine, &mut Wire { stream: &mut **stream, cx }))
    }

    /// Completes when everything that was sent has left. A finished close handshake is no error.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match ready!(self.drive(cx, |engine, wire| engine.flush(wire))) {
            Err(Error::ConnectionClosed | Error::AlreadyClosed) if self.stream.is_some() => {
                Poll::Ready(Ok(()))
            }
            result => Poll::Ready(result),
        }
    }

    /// As far as it goes now; errors show when something is read.
    fn flush_what_is_left(&mut self, cx: &mut Context<'_>) {
        if self.is_unflushed {
            self.is_unflushed = self.poll_flush(cx).is_pending();
        }
    }

    /// Sends a close frame if none was; it leaves with the next flush.
    pub(super) fn queue_close(&mut self, cx: &mut Context<'_>, frame: Option<CloseFrame>) {
        if self.state == WebSocketState::Open {
            self.state = WebSocketState::CloseSent;
            self.close_timer =
                Handle::try_current().ok().map(|_| Box::pin(tokio::time::sleep(self.close_timeout)));
            self.is_unflushed = true;
            // An error will come again when the frame is flushed.
            let _ = self.drive(cx, |engine, wire| engine.close(wire, frame));
        }
    }

    fn poll_stopping(&mut self, cx: &mut Context<'_>) {
        if self.state == WebSocketState::Open
            && self.stopping.iter_mut().any(|token| Pin::new(token).poll(cx).is_ready())
        {
            let reason = "the server is stopping".into();
            self.queue_close(cx, Some(CloseFrame { code: CloseCode::Away, reason }));
        }
    }

    /// The next message or close frame, or the error that ends the connection.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<WebSocketMessage, Error>> {
        loop {
            let message = ready!(self.drive(cx, |engine, wire| engine.read(wire)))?;
            self.keep_alive.heard();
            let (kind, data) = match message {
                Message::Text(text) => (WebSocketMessageKind::Text, text.into()),
                Message::Binary(data) => (WebSocketMessageKind::Binary, data),
                Message::Close(frame) => return Poll::Ready(Ok(WebSocketMessage::Close(from_frame(frame)))),
                Message::Pong(payload) => {
                    self.keep_alive.heard_pong(&payload);
                    continue;
                }
                // The engine answers pings itself.
                Message::Ping(_) | Message::Frame(_) => continue,
            };
            return Poll::Ready(Ok(WebSocketMessage::Data { kind, data, is_end: true }));
        }
    }

    /// Sends a frame of a message.
    fn queue_data(&mut self, cx: &mut Context<'_>, kind: WebSocketMessageKind, data: Bytes, is_end: bool) {
        let opcode = match (self.unfinished, kind) {
            (Some(_), _) => Data::Continue,
            (None, WebSocketMessageKind::Text) => Data::Text,
            (None, WebSocketMessageKind::Binary) => Data::Binary,
        };
        self.unfinished = (!is_end).then_some(kind);
        let frame = Frame::message(data, OpCode::Data(opcode), is_end);
        // An error will come again when the frame is flushed.
        let _ = self.drive(cx, |engine, wire| engine.write(wire, Message::Frame(frame)));
    }
}

impl WebSocket for Connection {
    fn state(&self) -> WebSocketState {
        self.state
    }

    fn sub_protocol(&self) -> Option<&str> {
        self.sub_protocol.as_deref()
    }

    fn close_received(&self) -> Option<&WebSocketClose> {
        self.close_received.as_ref()
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<WebSocketMessage, FeatureError>> {
        match self.state {
            WebSocketState::Open | WebSocketState::CloseSent => {}
            WebSocketState::Aborted => return Poll::Ready(Err(gone())),
            WebSocketState::CloseReceived | WebSocketState::Closed => {
                return Poll::Ready(Err(FeatureError::invalid_state("the client has closed the WebSocket")));
            }
        }
        if self.ending.is_none() {
            self.poll_stopping(cx);
            self.flush_what_is_left(cx);
            match self.poll_message(cx) {
                Poll::Ready(Ok(WebSocketMessage::Close(close))) => {
                    self.begin_ending(cx, Ending::Closed(close));
                }
                Poll::Ready(Ok(message)) => return Poll::Ready(Ok(message)),
                Poll::Ready(Err(error)) => self.begin_ending(cx, Ending::Failed(error)),
                Poll::Pending => return self.poll_timers(cx).map(Err),
            }
        }
        self.poll_ending(cx)
    }

    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        kind: WebSocketMessageKind,
        data: &mut Bytes,
        is_end: bool,
    ) -> Poll<Result<(), FeatureError>> {
        if self.state == WebSocketState::Aborted {
            return Poll::Ready(Err(gone()));
        }
        if self.state != WebSocketState::Open || self.ending.is_some() {
            self.is_sending = false;
            return Poll::Ready(Err(FeatureError::invalid_state("the WebSocket has been closed")));
        }
        if self.unfinished.is_some_and(|unfinished| unfinished != kind) {
            return Poll::Ready(Err(FeatureError::invalid_state(
                "a message of the other kind is unfinished",
            )));
        }
        loop {
            if let Err(error) = ready!(self.poll_flush(cx)) {
                return Poll::Ready(Err(self.give_up("the client is gone", Some(error))));
            }
            if self.is_sending && data.is_empty() {
                self.is_sending = false;
                if is_end {
                    // After the message, so that who answers what it received is not told off.
                    self.poll_stopping(cx);
                }
                return Poll::Ready(Ok(()));
            }
            self.is_sending = true;
            self.is_unflushed = true;
            let part = data.split_to(data.len().min(MAX_FRAME));
            self.queue_data(cx, kind, part, is_end && data.is_empty());
        }
    }

    fn poll_close_output(
        &mut self,
        cx: &mut Context<'_>,
        close: &WebSocketClose,
    ) -> Poll<Result<(), FeatureError>> {
        match self.state {
            WebSocketState::Open => {
                self.queue_close(cx, to_frame(close));
                self.is_closing = true;
            }
            WebSocketState::CloseSent if self.is_closing => {}
            WebSocketState::Aborted => return Poll::Ready(Err(gone())),
            _ => return Poll::Ready(Err(FeatureError::invalid_state("a close frame has been sent already"))),
        }
        if let Poll::Ready(result) = self.poll_flush(cx) {
            self.is_closing = false;
            return Poll::Ready(result.map_err(|error| self.give_up("the client is gone", Some(error))));
        }
        ready!(self.poll_close_timer(cx));
        Poll::Ready(Err(self.give_up("the client has not taken the close frame in time", None)))
    }

    fn abort(&mut self) {
        self.state = WebSocketState::Aborted;
        self.stream = None;
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("state", &self.state).finish_non_exhaustive()
    }
}

pub(super) fn gone() -> FeatureError {
    FeatureError::aborted("the WebSocket has ended")
}
