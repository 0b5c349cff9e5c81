//! How a [`Connection`] ends: the last bytes, the wait for the peer, and what the application is told.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use falconry_features::{FeatureError, WebSocketClose, WebSocketMessage, WebSocketState};
use tokio::runtime::Handle;
use tungstenite::{Error, Message, protocol::CloseFrame};

use super::{
    connection::{Connection, gone},
    keep_alive::Due,
    wire::close_code,
};

/// What is told to the application once the last bytes are out.
pub(super) enum Ending {
    /// The peer's close frame.
    Closed(WebSocketClose),
    /// The peer broke the protocol. What it sends until it has seen our close frame is read for
    /// nothing: unread bytes would make the transport throw the frame away.
    Failed(Error),
}

impl Connection {
    /// Completes, with an error, when the client has been silent for too long.
    pub(super) fn poll_timers(&mut self, cx: &mut Context<'_>) -> Poll<FeatureError> {
        if let Some(timer) = &mut self.close_timer {
            ready!(timer.as_mut().poll(cx));
            return Poll::Ready(self.give_up("the client has not answered the close frame in time", None));
        }
        loop {
            let beat = match ready!(self.keep_alive.poll_due(cx)) {
                Due::Pong => Message::Pong(Bytes::new()),
                Due::Ping(payload) => Message::Ping(payload),
                Due::GiveUp => {
                    return Poll::Ready(self.give_up("the client has not answered a ping in time", None));
                }
            };
            self.is_unflushed = true;
            // A client that does not read has enough to read as it is; a broken stream shows elsewhere.
            let _ = self.drive(cx, |engine, wire| engine.write(wire, beat).and_then(|()| engine.flush(wire)));
        }
    }

    pub(super) fn begin_ending(&mut self, cx: &mut Context<'_>, ending: Ending) {
        if let Ending::Failed(error) = &ending {
            let reason = error.to_string();
            if let Some(code) = close_code(error) {
                self.queue_close(cx, Some(CloseFrame { code, reason: shortened(&reason).into() }));
            }
        }
        self.ending = Some(ending);
    }

    /// Sends what is left, ends this side, and says what there is to say.
    pub(super) fn poll_ending(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<WebSocketMessage, FeatureError>> {
        if self.poll_last_bytes(cx).is_pending() && self.poll_close_timer(cx).is_pending() {
            return Poll::Pending;
        }
        match self.ending.take() {
            Some(Ending::Closed(close)) => {
                self.state = WebSocketState::Closed;
                self.stream = None;
                self.close_received = Some(close.clone());
                Poll::Ready(Ok(WebSocketMessage::Close(close)))
            }
            Some(Ending::Failed(error)) => Poll::Ready(Err(
                self.give_up("the WebSocket has ended without a close handshake", Some(error))
            )),
            None => Poll::Ready(Err(gone())),
        }
    }

    fn poll_last_bytes(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let flushed = ready!(self.poll_flush(cx));
        let (Ok(()), Some(stream)) = (flushed, &mut self.stream) else { return Poll::Ready(()) };
        // The engine stops short of it when both sides have closed.
        if ready!(stream.poll_flush(cx)).is_err() || ready!(stream.poll_shutdown(cx)).is_err() {
            return Poll::Ready(());
        }
        if let Some(Ending::Failed(_)) = &self.ending {
            let mut nothing = [0; 4096];
            while let Ok(1..) = ready!(stream.poll_read(cx, &mut nothing)) {}
        }
        Poll::Ready(())
    }

    pub(super) fn poll_close_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.close_timer.is_none() && Handle::try_current().is_ok() {
            self.close_timer = Some(Box::pin(tokio::time::sleep(self.close_timeout)));
        }
        match &mut self.close_timer {
            Some(timer) => timer.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    pub(super) fn give_up(&mut self, reason: &'static str, error: Option<Error>) -> FeatureError {
        self.state = WebSocketState::Aborted;
        self.stream = None;
        match error {
            Some(error) => FeatureError::aborted(reason).with_source(error),
            None => FeatureError::aborted(reason),
        }
    }
}

/// As much as a close frame holds, without cutting a character.
fn shortened(reason: &str) -> &str {
    let end = (0..=WebSocketClose::MAX_REASON).rev().find(|end| reason.is_char_boundary(*end));
    reason.get(..end.unwrap_or(0)).unwrap_or(reason)
}
