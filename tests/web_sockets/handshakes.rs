//! Opening handshakes over HTTP/1.1 as recorded, and what is better.

use std::collections::BTreeSet;

use falconry::{HttpContext, Result, WebSocketOptions, features::WebSocketAcceptContext};
use serde_json::Value;

use super::{
    app::{Echo, Events, Site},
    golden::{between, rows, seen, text},
    peer::{ACCEPT, HANDSHAKE, KEY, Peer},
};

/// Where ours answers otherwise: the status, and why (`docs/kestrel-differences.md`).
const DIFFERENT: [(&str, u16, &str); 4] = [
    ("method get lower case", 426, "methods are case-sensitive (RFC 9110 section 9.1)"),
    ("HTTP/1.0", 426, "an upgrade in HTTP/1.0 is ignored (RFC 9110 section 7.8)"),
    (
        "client offers [a, b], app accepts 'c'",
        500,
        "a client fails the connection over it (RFC 6455 section 4.1)",
    ),
    ("client offers [none], app accepts 'x'", 500, "as above"),
];

#[tokio::test]
async fn handshakes_are_answered_as_recorded() {
    for group in ["handshake", "subprotocol", "origin", "permessage-deflate"] {
        for row in rows(group) {
            replay(&row).await;
        }
    }
}

async fn replay(row: &Value) {
    let case = text(row, "case");
    let events = Events::default();
    let echo = Echo { context: context(row), events: events.clone() };
    let site = Site::start(options(row), echo).await;
    let mut peer = Peer::new(site.connect().await);
    peer.write(request(row).as_bytes()).await;
    let head = peer.head().await;
    let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
    let different = DIFFERENT.iter().find(|(name, ..)| *name == case);
    let expected =
        different.map_or_else(|| row["status"].as_u64().unwrap(), |(_, status, _)| u64::from(*status));
    assert_eq!(u64::from(status), expected, "{case}: {head}");
    if different.is_none() {
        // Compression is declined.
        let recorded = fields(text(row, "head"), |name| name != "sec-websocket-extensions");
        // What a 426 must or may have on top, and what the original leaves out.
        let extra = ["upgrade", "connection", "sec-websocket-version"];
        let ours = fields(&head, |name| status != 426 || !extra.contains(&name));
        assert_eq!(ours, recorded, "{case}");
        assert_eq!(
            events.all().first().map(String::as_str),
            seen(row, "IsWebSocketRequest="),
            "{case}: what the application saw"
        );
    }
    if status == 101 {
        peer.close(1000, "bye").await;
        assert_eq!(peer.next_close().await, (1000, "bye".to_owned()), "{case}");
        peer.expect_end().await;
    }
    site.stop().await;
}

/// The fields of a head that `keep` picks, as `name: value`, but for what names server and time.
fn fields(head: &str, keep: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let fields = fields.map(|(name, value)| (name.to_ascii_lowercase(), value));
    let fields = fields.filter(|(name, _)| !matches!(&**name, "date" | "server") && keep(name));
    fields.map(|(name, value)| format!("{name}: {value}")).collect()
}

fn options(row: &Value) -> WebSocketOptions {
    let mut options = WebSocketOptions::default();
    if row["group"] == "origin" {
        // `[]` was one empty origin; without any, all may.
        options.allowed_origins = vec![between(text(row, "case"), "AllowedOrigins [", "]").to_owned()];
    }
    options
}

fn context(row: &Value) -> WebSocketAcceptContext {
    let case = text(row, "case");
    let mut context = WebSocketAcceptContext::default();
    if case.contains("app accepts") {
        context.set_sub_protocol(Some(between(case, "app accepts '", "'"))).unwrap();
    }
    context.dangerous_enable_compression = case.contains("', enabled");
    context
}

fn request(row: &Value) -> String {
    let case = text(row, "case");
    let replace = |from: &str, to: &str| {
        assert!(HANDSHAKE.contains(from));
        HANDSHAKE.replace(from, to)
    };
    let with = |field: &str| HANDSHAKE.replace("\r\n\r\n", &format!("\r\n{field}\r\n\r\n"));
    let key = format!("Sec-WebSocket-Key: {KEY}\r\n");
    match (text(row, "group"), case) {
        (_, "no Upgrade header") => replace("Upgrade: websocket\r\n", ""),
        (_, "no key") => replace(&key, ""),
        (_, "two keys") => with(key.trim_end()),
        (_, "method HEAD") => replace("GET", "HEAD"),
        (_, "method get lower case") => replace("GET", "get"),
        (_, "HTTP/1.0") => replace("HTTP/1.1", "HTTP/1.0"),
        (_, "Upgrade: WebSocket case") => replace("websocket\r\n", "WebSocket\r\n"),
        (_, "Upgrade: websocket, h2c") => replace("websocket\r\n", "websocket, h2c\r\n"),
        (_, "Connection: keep-alive, Upgrade") => replace("Connection: ", "Connection: keep-alive, "),
        (_, "AcceptWebSocketAsync on a normal GET") => "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        (_, "Content-Length: 0") => with("Content-Length: 0"),
        (_, "protocol in two lines") => with("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b"),
        (_, "valid" | "accept twice, write to the response afterwards") => HANDSHAKE.to_owned(),
        (_, case) if case.starts_with("version '") => {
            replace("Version: 13", &format!("Version: {}", between(case, "'", "'")))
        }
        (_, case) if case.starts_with("key '") => replace(KEY, between(case, "'", "'")),
        ("subprotocol", case) => match between(case, "offers [", "]") {
            "none" => HANDSHAKE.to_owned(),
            offered => with(&format!("Sec-WebSocket-Protocol: {offered}")),
        },
        ("origin", case) => match case.split_once("Origin ").unwrap().1 {
            "absent" => HANDSHAKE.to_owned(),
            origin => with(&format!("Origin: {origin}")),
        },
        ("permessage-deflate", case) => {
            with(&format!("Sec-WebSocket-Extensions: {}", between(case, "offer '", "', enabled")))
        }
        (group, case) => panic!("{group}: how is {case:?} asked for?"),
    }
}

#[tokio::test]
async fn a_refused_handshake_says_what_would_be_right_and_leaves_the_connection_open() {
    let (site, _) = Site::echo(WebSocketOptions::default()).await;
    let mut peer = Peer::new(site.connect().await);
    for _ in 0..2 {
        peer.write(HANDSHAKE.replace("Version: 13", "Version: 8").as_bytes()).await;
        let head = peer.head().await;
        assert!(head.starts_with("HTTP/1.1 426 "), "{head}");
        let fields = fields(&head, |name| name != "content-length");
        let expected = ["connection: Upgrade", "sec-websocket-version: 13", "upgrade: websocket"];
        assert_eq!(fields, expected.map(str::to_owned).into());
    }
    peer.write(HANDSHAKE.as_bytes()).await;
    assert!(peer.head().await.contains(ACCEPT));
    site.stop().await;
}

#[tokio::test]
async fn a_handshake_that_the_application_leaves_does_not_show_in_the_next_request() {
    async fn ignore(ctx: &mut HttpContext) -> Result {
        let is_request = ctx.web_sockets().is_web_socket_request();
        ctx.response_mut().set_header("x-asks", is_request.to_string())
    }
    let site = Site::start(WebSocketOptions::default(), ignore).await;
    let mut peer = Peer::new(site.connect().await);
    for (request, asks) in [(HANDSHAKE, "true"), ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "false")] {
        peer.write(request.as_bytes()).await;
        let head = peer.head().await.to_ascii_lowercase();
        assert!(head.contains(&format!("x-asks: {asks}")), "{head}");
    }
    site.stop().await;
}

#[tokio::test]
async fn a_second_accept_and_a_write_to_the_response_fail() {
    async fn twice(events: &Events, ctx: &mut HttpContext) -> Result {
        let mut socket = ctx.web_sockets().accept(WebSocketAcceptContext::default()).await?;
        let again = ctx.web_sockets().accept(WebSocketAcceptContext::default()).await;
        events.push(again.unwrap_err().to_string());
        events.push(ctx.response_mut().write("x").await.unwrap_err().to_string());
        socket.close(1000, "").await
    }
    let events = Events::default();
    let site = Site::start(WebSocketOptions::default(), falconry::with_state(events.clone(), twice)).await;
    let mut peer = Peer::open(&site).await;
    assert_eq!(peer.next_close().await.0, 1000);
    peer.close(1000, "").await;
    peer.expect_end().await;
    assert_eq!(events.all().len(), 2, "{:?}", events.all());
    site.stop().await;
}
