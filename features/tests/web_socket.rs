//! Accepting a WebSocket, and its end.

mod support;

use std::{
    collections::VecDeque,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::{
    BoxFuture, FeatureCollection, FeatureError, HttpWebSocketFeature, WebSocket, WebSocketAcceptContext,
    WebSocketClose, WebSocketMessage, WebSocketMessageKind, WebSocketState, accept_web_socket,
    start_response,
};
use http::Method;

use self::support::{Log, features, now};

/// A WebSocket whose peer has already said everything.
struct Script {
    log: Log,
    state: WebSocketState,
    incoming: VecDeque<WebSocketMessage>,
    received: Option<WebSocketClose>,
}

impl WebSocket for Script {
    fn state(&self) -> WebSocketState {
        self.state
    }

    fn sub_protocol(&self) -> Option<&str> {
        None
    }

    fn close_received(&self) -> Option<&WebSocketClose> {
        self.received.as_ref()
    }

    fn poll_receive(&mut self, _cx: &mut Context<'_>) -> Poll<Result<WebSocketMessage, FeatureError>> {
        let Some(message) = self.incoming.pop_front() else {
            self.state = WebSocketState::Aborted;
            return Poll::Ready(Err(FeatureError::aborted("the peer is gone")));
        };
        if let WebSocketMessage::Close(close) = &message {
            self.received = Some(close.clone());
            self.state = match self.state {
                WebSocketState::CloseSent => WebSocketState::Closed,
                _ => WebSocketState::CloseReceived,
            };
        }
        Poll::Ready(Ok(message))
    }

    fn poll_send(
        &mut self,
        _cx: &mut Context<'_>,
        kind: WebSocketMessageKind,
        data: &mut Bytes,
        is_end: bool,
    ) -> Poll<Result<(), FeatureError>> {
        self.log.note(format!("{kind:?} {:?} {is_end}", std::mem::take(data)));
        Poll::Ready(Ok(()))
    }

    fn poll_close_output(
        &mut self,
        _cx: &mut Context<'_>,
        close: &WebSocketClose,
    ) -> Poll<Result<(), FeatureError>> {
        self.log.note(format!("close {:?}", close.code()));
        self.state = match self.state {
            WebSocketState::CloseReceived => WebSocketState::Closed,
            _ => WebSocketState::CloseSent,
        };
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {
        self.state = WebSocketState::Aborted;
    }
}

fn script(log: &Log, incoming: impl IntoIterator<Item = WebSocketMessage>) -> Box<dyn WebSocket> {
    Box::new(Script {
        log: log.clone(),
        state: WebSocketState::Open,
        incoming: incoming.into_iter().collect(),
        received: None,
    })
}

fn text(data: &'static str) -> WebSocketMessage {
    WebSocketMessage::Data { kind: WebSocketMessageKind::Text, data: data.into(), is_end: true }
}

/// Accepts by starting the response, as every server's own does.
struct Handshake(Log);

impl HttpWebSocketFeature for Handshake {
    fn is_web_socket_request(&self) -> bool {
        true
    }

    fn requested_protocols(&self) -> &[String] {
        &[]
    }

    fn accept<'a>(
        &'a mut self,
        features: &'a mut FeatureCollection,
        _context: WebSocketAcceptContext,
    ) -> BoxFuture<'a, Result<Box<dyn WebSocket>, FeatureError>> {
        Box::pin(async move {
            start_response(features).await?;
            Ok(script(&self.0, []))
        })
    }
}

#[test]
fn without_the_feature_a_web_socket_is_not_supported() {
    let log = Log::default();
    let mut features = features(&log, Method::GET);
    let accepted = now(accept_web_socket(&mut features, WebSocketAcceptContext::default()));
    assert!(accepted.err().unwrap().is_not_supported());
}

#[test]
fn accepting_hands_the_features_over_and_puts_the_feature_back() {
    let log = Log::default();
    let mut features = features(&log, Method::GET);
    features.set::<dyn HttpWebSocketFeature>(Box::new(Handshake(log.clone())));
    let socket = now(accept_web_socket(&mut features, WebSocketAcceptContext::default())).unwrap();
    assert_eq!(socket.state(), WebSocketState::Open);
    assert!(features.get::<dyn HttpWebSocketFeature>().unwrap().is_web_socket_request());
}

#[test]
fn messages_are_sent_whole_or_in_parts() {
    let log = Log::default();
    let mut socket = script(&log, []);
    now(async {
        socket.send_text("a").await.unwrap();
        socket.send_binary(&b"b"[..]).await.unwrap();
        socket.send(WebSocketMessageKind::Text, "", false).await.unwrap();
    });
    assert_eq!(log.events(), [r#"Text b"a" true"#, r#"Binary b"b" true"#, r#"Text b"" false"#]);
}

#[test]
fn closing_first_waits_for_the_peers_close_and_leaves_out_what_comes_before() {
    let log = Log::default();
    let close = WebSocketMessage::Close(WebSocketClose::normal());
    let mut socket = script(&log, [text("late"), close]);
    now(socket.close(WebSocketClose::normal())).unwrap();
    assert_eq!(socket.state(), WebSocketState::Closed);
    assert_eq!(socket.close_received(), Some(&WebSocketClose::normal()));
    now(socket.close(WebSocketClose::normal())).unwrap();
    assert_eq!(log.events(), ["close Some(1000)"]);
}

#[test]
fn closing_second_answers_the_peers_close() {
    let log = Log::default();
    let mut socket = script(&log, [WebSocketMessage::Close(WebSocketClose::without_code())]);
    assert_eq!(now(socket.receive()).unwrap(), WebSocketMessage::Close(WebSocketClose::without_code()));
    now(socket.close(WebSocketClose::without_code())).unwrap();
    assert_eq!(socket.state(), WebSocketState::Closed);
    assert_eq!(log.events(), ["close None"]);
}

#[test]
fn closing_tells_that_the_peer_is_gone() {
    let mut socket = script(&Log::default(), []);
    assert!(now(socket.close(WebSocketClose::normal())).unwrap_err().is_aborted());
    assert_eq!(socket.state(), WebSocketState::Aborted);
}

#[test]
fn which_close_codes_may_stand_in_a_frame_is_as_in_the_table() {
    for (code, is_valid) in [
        (0, false),
        (999, false),
        (1000, true),
        (1003, true),
        (1004, false),
        (1005, false),
        (1006, false),
        (1007, true),
        (1014, true),
        (1015, false),
        (2999, false),
        (3000, true),
        (4999, true),
        (5000, false),
    ] {
        assert_eq!(WebSocketClose::new(code, "").is_ok(), is_valid, "{code}");
    }
    assert!(WebSocketClose::new(1000, "x".repeat(123)).is_ok());
    assert!(WebSocketClose::new(1000, "x".repeat(124)).unwrap_err().is_invalid_argument());
}
