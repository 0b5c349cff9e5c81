//! In memory: extended CONNECT, servers without upgrade, parts of messages.

use falconry::{
    DuplexIo, HttpContext, Message, Result, WebSocket, WebSocketOptions,
    features::{
        HttpExtendedConnectFeature, HttpUpgradeFeature, HttpWebSocketFeature, WebSocketAcceptContext,
        WebSocketMessageKind,
    },
};
use http::{Method, Version};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    app::{Echo, in_memory},
    golden::{rows, seen, text},
    peer::{BINARY, KEY, Peer, TEXT},
};

/// These rows are about frames of HTTP/2 and wait for it.
const WAIT_FOR_HTTP2: [&str; 4] = [
    ":protocol with GET",
    "END_STREAM with the headers",
    "feature values and write before accept",
    "AcceptAsync twice",
];

#[tokio::test]
async fn extended_connect_is_answered_as_recorded() {
    for row in rows("h2-extended-connect") {
        if !WAIT_FOR_HTTP2.contains(&text(&row, "case")) {
            replay(&row).await;
        }
    }
}

async fn replay(row: &Value) {
    let case = text(row, "case");
    let echo = Echo::default();
    let (_server, client) = in_memory(WebSocketOptions::default(), echo.clone()).await;
    let recorded = text(row, "request");
    let mut method = Method::GET;
    let mut protocol = None;
    let mut headers = Vec::new();
    // `a, b` is the one value with a space in it.
    let recorded = recorded.replace(", ", ",");
    let mut words = recorded.split(' ');
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        match name {
            ":method" => method = value.parse().unwrap(),
            ":protocol" => protocol = Some(value.to_owned()),
            ":scheme" | ":path" | ":authority" => {}
            name => headers.push((name.to_owned(), value.to_owned())),
        }
    }
    let target = if recorded.contains(":path") { "/ws" } else { "localhost:80" };
    let mut request = client.request(method, target).version(Version::HTTP_2);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    if let Some(protocol) = protocol {
        request = request.protocol(protocol);
    }
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => panic!("{case}: {error}"),
    };
    let status = format!(":status={};", response.status().as_u16());
    assert!(row["after"][0].as_str().unwrap().contains(&status), "{case}: {status}");
    assert_eq!(
        echo.events.all().first().map(String::as_str),
        seen(row, "IsWebSocketRequest="),
        "{case}: what the application saw"
    );
    if status == ":status=200;" {
        let mut peer = Peer::new(response.upgraded().unwrap());
        peer.frame(TEXT, b"hi").await;
        peer.expect(TEXT, b"hi").await;
        peer.close(1000, "").await;
        assert_eq!(peer.next_close().await.0, 1000);
        peer.expect_end().await;
    } else {
        assert!(response.header("connection").is_none() && response.header("upgrade").is_none(), "{case}");
    }
}

#[tokio::test]
async fn an_echo_in_memory() {
    let (_server, client) = in_memory(WebSocketOptions::default(), Echo::default()).await;
    let mut peer = Peer::open_in_memory(&client).await;
    peer.frame(BINARY, b"abc").await;
    peer.expect(BINARY, b"abc").await;
    peer.close(1000, "bye").await;
    assert_eq!(peer.next_close().await, (1000, "bye".to_owned()));
    peer.expect_end().await;
    let end = peer.stream.close().await;
    assert!(end.error.is_none(), "{:?}", end.error);
}

#[tokio::test]
async fn without_upgrade_and_extended_connect_there_is_no_feature() {
    async fn look(ctx: &mut HttpContext) -> Result {
        let is_there = ctx.features().contains::<dyn HttpWebSocketFeature>();
        let refused = ctx.web_sockets().accept(WebSocketAcceptContext::default()).await.unwrap_err();
        ctx.response_mut().write(format!("{is_there}: {refused}")).await
    }
    let (_server, client) = in_memory(WebSocketOptions::default(), look).await;
    let request = client.get("/").features(|features| {
        features.take::<dyn HttpUpgradeFeature>();
        features.take::<dyn HttpExtendedConnectFeature>();
    });
    let body = request.send().await.unwrap().text().await.unwrap();
    assert_eq!(body, "false: WebSockets are not supported here; add the WebSocket middleware in front");
    let body = client.get("/").send().await.unwrap().text().await.unwrap();
    assert_eq!(body, "true: the request does not ask for a WebSocket");
}

#[tokio::test]
async fn messages_can_be_sent_in_parts_and_of_one_kind_at_a_time() {
    async fn parts(ctx: &mut HttpContext) -> Result {
        let mut socket = ctx.web_sockets().accept(WebSocketAcceptContext::default()).await?.into_inner();
        socket.send(WebSocketMessageKind::Text, "one", false).await?;
        assert!(socket.send(WebSocketMessageKind::Binary, "x", true).await.unwrap_err().is_invalid_state());
        socket.send(WebSocketMessageKind::Text, "two", false).await?;
        socket.send(WebSocketMessageKind::Text, "", true).await?;
        let mut socket = WebSocket::new(socket);
        socket.send(Message::Binary("three".into())).await?;
        socket.close(1000, "").await
    }
    let (_server, client) = in_memory(WebSocketOptions::default(), parts).await;
    let mut peer = Peer::open_in_memory(&client).await;
    peer.expect(0x01, b"one").await;
    peer.expect(0x00, b"two").await;
    peer.expect(0x80, b"").await;
    peer.expect(BINARY, b"three").await;
    assert_eq!(peer.next_close().await.0, 1000);
}

#[tokio::test]
async fn an_accepted_sub_protocol_is_said() {
    let mut echo = Echo::default();
    echo.context.set_sub_protocol(Some("b")).unwrap();
    let (_server, client) = in_memory(WebSocketOptions::default(), echo).await;
    let request = client
        .get("/")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", KEY)
        .header("sec-websocket-protocol", "a, b");
    let stream = request.upgrade().await.unwrap();
    assert_eq!(stream.headers()["sec-websocket-protocol"], "b");
}

#[tokio::test]
async fn a_duplex_stream_is_what_tokio_reads_and_writes() {
    async fn shout(ctx: &mut HttpContext) -> Result {
        let mut stream = DuplexIo::new(ctx.upgrade().await?);
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        stream.write_all(text.to_uppercase().as_bytes()).await?;
        Ok(stream.shutdown().await?)
    }
    let (_server, client) = in_memory(WebSocketOptions::default(), shout).await;
    let mut stream = client.get("/").upgrade().await.unwrap();
    stream.write_all(b"hello").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "HELLO");
}
