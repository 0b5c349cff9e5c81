//! [`WebSocket`]: whole messages.

use std::fmt;

use bytes::{Bytes, BytesMut};
use falconry_features::{
    FeatureError, WebSocket as Feature, WebSocketClose, WebSocketMessage, WebSocketMessageKind,
    WebSocketState,
};

use crate::Result;

/// The most bytes of a message that comes in parts.
const MAX_ASSEMBLED: usize = 16 * 1024 * 1024;

/// A message, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Any bytes.
    Binary(Bytes),
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Bytes> for Message {
    fn from(data: Bytes) -> Self {
        Self::Binary(data)
    }
}

impl From<Vec<u8>> for Message {
    fn from(data: Vec<u8>) -> Self {
        Self::Binary(data.into())
    }
}

/// An accepted WebSocket that receives and sends whole messages.
///
/// Pings are answered, keep-alive is kept and a stop of the server is noticed while a call is under
/// way; an application that neither receives nor sends for long has none of that. Dropping it ends the
/// connection without a close frame. Example: [`HttpContext::web_sockets`](crate::HttpContext::web_sockets).
pub struct WebSocket {
    inner: Box<dyn Feature>,
    max_assembled: usize,
    /// The parts of a message whose end has not come.
    parts: BytesMut,
}

impl WebSocket {
    /// Whole messages over a WebSocket of the contract.
    pub fn new(inner: Box<dyn Feature>) -> Self {
        Self { inner, max_assembled: MAX_ASSEMBLED, parts: BytesMut::new() }
    }

    /// Limits messages that the WebSocket below hands over in parts. Default: 16 MiB. Those of the
    /// middleware come whole; [`WebSocketOptions::max_message_size`](crate::WebSocketOptions::max_message_size)
    /// limits them.
    #[must_use]
    pub fn with_max_assembled(mut self, bytes: usize) -> Self {
        self.max_assembled = bytes;
        self
    }

    /// The next message; `None` once the client has closed or the server is stopping, and the close
    /// handshake is over. Dropping the future loses nothing.
    ///
    /// # Errors
    /// Aborted: the client is gone or broke the protocol.
    pub async fn receive(&mut self) -> Result<Option<Message>> {
        loop {
            if matches!(self.inner.state(), WebSocketState::CloseReceived | WebSocketState::Closed) {
                return Ok(None);
            }
            match self.inner.receive().await? {
                WebSocketMessage::Close(close) => {
                    self.inner.close(close).await?;
                    return Ok(None);
                }
                // The close frame has left meanwhile: no answer could be sent any more.
                WebSocketMessage::Data { .. } if self.inner.state() != WebSocketState::Open => {}
                WebSocketMessage::Data { kind, data, is_end } => {
                    if let Some(message) = self.assemble(kind, data, is_end).await? {
                        return Ok(Some(message));
                    }
                }
            }
        }
    }

    /// Sends a message; waits while the client does not read.
    ///
    /// # Errors
    /// Invalid state: the WebSocket has been closed, by either side or because the server is stopping.
    /// Aborted: the client is gone.
    pub async fn send(&mut self, message: impl Into<Message>) -> Result {
        let sent = match message.into() {
            Message::Text(text) => self.inner.send_text(text).await,
            Message::Binary(data) => self.inner.send_binary(data).await,
        };
        Ok(sent?)
    }

    /// Closes: sends a close frame and waits for the client's, leaving out messages before it. Does
    /// nothing if the WebSocket is closed already.
    ///
    /// # Errors
    /// Out of range: a code that may not be sent. Invalid argument: a reason over 123 bytes. Aborted:
    /// the client is gone or does not answer in time.
    pub async fn close(&mut self, code: u16, reason: &str) -> Result {
        Ok(self.inner.close(WebSocketClose::new(code, reason)?).await?)
    }

    /// Ends the connection without a close frame.
    pub fn abort(&mut self) {
        self.inner.abort();
    }

    /// How far the WebSocket's life has come.
    pub fn state(&self) -> WebSocketState {
        self.inner.state()
    }

    /// The sub-protocol that was agreed on.
    pub fn sub_protocol(&self) -> Option<&str> {
        self.inner.sub_protocol()
    }

    /// The close frame that the client sent, if it has.
    pub fn close_received(&self) -> Option<&WebSocketClose> {
        self.inner.close_received()
    }

    /// The WebSocket of the contract, which works with parts of messages.
    pub fn into_inner(self) -> Box<dyn Feature> {
        self.inner
    }

    /// Puts a part to those before it; the message if it was the last.
    async fn assemble(
        &mut self,
        kind: WebSocketMessageKind,
        data: Bytes,
        is_end: bool,
    ) -> Result<Option<Message>> {
        // What comes whole has been limited by who received it.
        let is_whole = is_end && self.parts.is_empty();
        if !is_whole {
            if data.len() > self.max_assembled.saturating_sub(self.parts.len()) {
                return self.refuse(1009, "a message over the limit").await;
            }
            self.parts.extend_from_slice(&data);
            if !is_end {
                return Ok(None);
            }
        }
        let data = if is_whole { data } else { self.parts.split().freeze() };
        match kind {
            WebSocketMessageKind::Binary => Ok(Some(Message::Binary(data))),
            WebSocketMessageKind::Text => match String::from_utf8(data.into()) {
                Ok(text) => Ok(Some(Message::Text(text))),
                Err(_) => self.refuse(1007, "text that is not UTF-8").await,
            },
        }
    }

    async fn refuse(&mut self, code: u16, reason: &'static str) -> Result<Option<Message>> {
        self.close(code, reason).await?;
        Err(FeatureError::aborted(reason).into())
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("state", &self.state()).finish_non_exhaustive()
    }
}
