//! [`WebSocket`]: messages both ways, without a runtime.

use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use bytes::Bytes;

use crate::FeatureError;

/// A WebSocket after the handshake (RFC 6455), on either side of it.
///
/// Poll style with owned buffers, so that every kind of server can offer it; a call that is pending
/// must be repeated with the same arguments. The methods on `dyn WebSocket` await.
///
/// ```
/// use falconry_features::{FeatureError, WebSocket, WebSocketMessage};
///
/// async fn echo(mut socket: Box<dyn WebSocket>) -> Result<(), FeatureError> {
///     loop {
///         match socket.receive().await? {
///             WebSocketMessage::Data { kind, data, is_end } => socket.send(kind, data, is_end).await?,
///             WebSocketMessage::Close(close) => return socket.close(close).await,
///         }
///     }
/// }
/// # drop(echo);
/// ```
pub trait WebSocket: Send {
    /// How far the WebSocket's life has come.
    fn state(&self) -> WebSocketState;

    /// The sub-protocol that was agreed on.
    fn sub_protocol(&self) -> Option<&str>;

    /// The close frame that the peer sent, if it has.
    fn close_received(&self) -> Option<&WebSocketClose>;

    /// The next part of a message, or the peer's close frame. Pings are answered unseen.
    ///
    /// # Errors
    /// Invalid state: the peer's close frame has been received. Aborted: the peer is gone or broke
    /// the protocol.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<WebSocketMessage, FeatureError>>;

    /// Sends a part of a message, or all of it; takes it out of `data`.
    ///
    /// # Errors
    /// Invalid state: a close frame has been sent, or a message of the other kind is unfinished.
    /// Aborted: the peer is gone.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        kind: WebSocketMessageKind,
        data: &mut Bytes,
        is_end: bool,
    ) -> Poll<Result<(), FeatureError>>;

    /// Sends a close frame; nothing can be sent after it, but the peer's messages still come.
    ///
    /// # Errors
    /// Invalid state: one has been sent already. Aborted: the peer is gone.
    fn poll_close_output(
        &mut self,
        cx: &mut Context<'_>,
        close: &WebSocketClose,
    ) -> Poll<Result<(), FeatureError>>;

    /// Ends the connection without a close frame.
    fn abort(&mut self);
}

impl dyn WebSocket + '_ {
    /// The next part of a message, or the peer's close frame: see [`WebSocket::poll_receive`].
    ///
    /// # Errors
    /// Those of [`WebSocket::poll_receive`].
    pub async fn receive(&mut self) -> Result<WebSocketMessage, FeatureError> {
        poll_fn(|cx| self.poll_receive(cx)).await
    }

    /// Sends a part of a message, or all of it.
    ///
    /// # Errors
    /// Those of [`WebSocket::poll_send`].
    pub async fn send(
        &mut self,
        kind: WebSocketMessageKind,
        data: impl Into<Bytes>,
        is_end: bool,
    ) -> Result<(), FeatureError> {
        let mut data = data.into();
        poll_fn(|cx| self.poll_send(cx, kind, &mut data, is_end)).await
    }

    /// Sends a whole text message.
    ///
    /// # Errors
    /// Those of [`WebSocket::poll_send`].
    pub async fn send_text(&mut self, text: impl Into<String>) -> Result<(), FeatureError> {
        self.send(WebSocketMessageKind::Text, text.into(), true).await
    }

    /// Sends a whole binary message.
    ///
    /// # Errors
    /// Those of [`WebSocket::poll_send`].
    pub async fn send_binary(&mut self, data: impl Into<Bytes>) -> Result<(), FeatureError> {
        self.send(WebSocketMessageKind::Binary, data, true).await
    }

    /// Sends a close frame unless one was sent, and leaves out what comes until the peer's.
    ///
    /// # Errors
    /// Aborted: the peer is gone.
    pub async fn close(&mut self, close: WebSocketClose) -> Result<(), FeatureError> {
        if matches!(self.state(), WebSocketState::Open | WebSocketState::CloseReceived) {
            poll_fn(|cx| self.poll_close_output(cx, &close)).await?;
        }
        while self.state() == WebSocketState::CloseSent {
            self.receive().await?;
        }
        Ok(())
    }
}

/// How far a [`WebSocket`]'s life has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebSocketState {
    /// Messages go both ways.
    Open,
    /// This side has sent its close frame.
    CloseSent,
    /// The peer has sent its close frame.
    CloseReceived,
    /// Both have.
    Closed,
    /// The connection has ended without that.
    Aborted,
}

/// What a [`WebSocket`] receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebSocketMessage {
    /// A part of a message, or all of it.
    Data {
        /// What the message is.
        kind: WebSocketMessageKind,
        /// The part; text may be cut within a character.
        data: Bytes,
        /// True if the message ends with it.
        is_end: bool,
    },
    /// The peer's close frame.
    Close(WebSocketClose),
}

/// What a message of a [`WebSocket`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebSocketMessageKind {
    /// UTF-8 text.
    Text,
    /// Any bytes.
    Binary,
}

/// Why a [`WebSocket`] ends: what a close frame says.
///
/// ```
/// use falconry_features::WebSocketClose;
///
/// assert_eq!(WebSocketClose::normal().code(), Some(1000));
/// assert_eq!(WebSocketClose::new(4000, "bye").unwrap().reason(), "bye");
/// assert!(WebSocketClose::new(1006, "").unwrap_err().is_out_of_range());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebSocketClose {
    code: Option<u16>,
    reason: String,
}

impl WebSocketClose {
    /// The most bytes that a reason may have: a control frame holds 125, two of them the code.
    pub const MAX_REASON: usize = 123;

    /// A close frame with code and reason.
    ///
    /// # Errors
    /// Out of range: a code that may not stand in a frame (RFC 6455 section 7.4: 1000 to 1003, 1007
    /// to 1014, 3000 to 4999 may). Invalid argument: a reason over [`MAX_REASON`](Self::MAX_REASON)
    /// bytes.
    pub fn new(code: u16, reason: impl Into<String>) -> Result<Self, FeatureError> {
        let reason = reason.into();
        if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
            return Err(FeatureError::out_of_range(format!(
                "a close code of {code}: a frame may have 1000 to 1003, 1007 to 1014 and 3000 to 4999"
            )));
        }
        if reason.len() > Self::MAX_REASON {
            return Err(FeatureError::invalid_argument(format!(
                "a close reason of {} bytes: a frame has room for {}",
                reason.len(),
                Self::MAX_REASON
            )));
        }
        Ok(Self { code: Some(code), reason })
    }

    /// The purpose is fulfilled: 1000.
    pub fn normal() -> Self {
        Self { code: Some(1000), reason: String::new() }
    }

    /// A close frame without a code.
    pub const fn without_code() -> Self {
        Self { code: None, reason: String::new() }
    }

    /// The code; `None` if the frame has none.
    pub fn code(&self) -> Option<u16> {
        self.code
    }

    /// The reason; empty if there is none.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}
