//! Frames as recorded, and what is better.

use falconry::WebSocketOptions;
use serde_json::Value;
use tokio::io::AsyncWriteExt;

use super::{
    app::Site,
    golden::{rows, text},
    peer::{BINARY, CLOSE, FIN, Frame, PING, PONG, Peer, TEXT, close_payload},
};

/// Where ours answers otherwise: how, and why (`docs/kestrel-differences.md`). The original resets
/// the connection over most frame errors.
const DIFFERENT: [(&str, &str, &str); 12] = [
    ("binary 200 bytes (buffer 64)", "binary 200b", "messages come whole"),
    ("ping inside fragmented", "pong 'p', text 'ab'", "messages come whole"),
    ("close empty payload", "close", "the answer repeats what came (RFC 6455 section 5.5.1)"),
    ("close code 1014", "close 1002", "the protocol engine does not know it"),
    ("close reason bad UTF-8", "close 1007", "RFC 6455 section 8.1"),
    ("control frame 126 bytes", "close 1002", "RFC 6455 section 7.1.7"),
    ("unmasked text of 2 bytes", "close 1002", "RFC 6455 section 5.1"),
    ("rsv1 set without deflate", "close 1002", "RFC 6455 section 7.1.7"),
    ("rsv2 set", "close 1002", "RFC 6455 section 7.1.7"),
    ("continuation without start", "close 1002", "RFC 6455 section 7.1.7"),
    ("new text inside fragmented", "close 1002", "RFC 6455 section 7.1.7"),
    ("fragmented ping", "close 1002", "as recorded, without the reset"),
];

#[tokio::test]
async fn frames_are_answered_as_recorded() {
    for row in rows("frames") {
        replay(&row).await;
    }
}

async fn replay(row: &Value) {
    let case = text(row, "case");
    let (site, _) = Site::echo(WebSocketOptions::default()).await;
    let mut peer = Peer::open(&site).await;
    send(&mut peer, case).await;
    let different = DIFFERENT.iter().find(|(name, ..)| *name == case);
    let expected = different.map_or_else(|| text(row, "after"), |(_, after, _)| *after);
    let ends = expected.contains("close");
    let mut seen = Vec::new();
    for _ in 0..expected.split(", ").count() {
        seen.push(told(&peer.next().await.expect(case)));
    }
    assert_eq!(seen.join(", "), expected.replace("close 1002 ''", "close 1002"), "{case}");
    if ends {
        peer.stream.shutdown().await.unwrap();
        peer.expect_end().await;
    }
    site.stop().await;
}

async fn send(peer: &mut Peer<tokio::net::TcpStream>, case: &str) {
    match case {
        "text then close 1000" => {
            peer.frame(TEXT, b"hi").await;
            peer.close(1000, "bye").await;
        }
        "binary 200 bytes (buffer 64)" => peer.frame(BINARY, &[b' '; 200]).await,
        "ping inside fragmented" => {
            peer.frame(TEXT & !FIN, b"a").await;
            peer.frame(PING, b"p").await;
            peer.frame(FIN, b"b").await;
        }
        "ping with payload" => peer.frame(PING, b"hello").await,
        "unsolicited pong" => {
            peer.frame(PONG, b"nobody asked").await;
            peer.frame(TEXT, b"ok").await;
        }
        "empty text" => peer.frame(TEXT, b"").await,
        "close empty payload" => peer.frame(CLOSE, b"").await,
        "close 1 byte payload" => peer.frame(CLOSE, b"x").await,
        "close reason bad UTF-8" => peer.frame(CLOSE, &[3, 232, 0xff]).await,
        "control frame 126 bytes" => peer.frame(PING, &[b'x'; 126]).await,
        "fragmented ping" => peer.frame(PING & !FIN, b"x").await,
        "unmasked text of 2 bytes" => peer.write(&[TEXT, 2, b'h', b'i']).await,
        "rsv1 set without deflate" => peer.frame(TEXT | 0x40, b"x").await,
        "rsv2 set" => peer.frame(TEXT | 0x20, b"x").await,
        "continuation without start" => peer.frame(FIN, b"x").await,
        "new text inside fragmented" => {
            peer.frame(TEXT & !FIN, b"a").await;
            peer.frame(TEXT, b"b").await;
        }
        case => {
            let code = case.strip_prefix("close code ").unwrap_or_else(|| panic!("how is {case:?} sent?"));
            peer.frame(CLOSE, &close_payload(code.parse().unwrap(), "r")).await;
        }
    }
}

/// A frame in the words of the records; the reason of a 1002 or 1007 is ours to choose.
fn told(frame: &Frame) -> String {
    let payload = String::from_utf8_lossy(&frame.payload);
    match (frame.first, &*frame.payload) {
        (TEXT, _) => format!("text '{payload}'"),
        (BINARY, data) => format!("binary {}b", data.len()),
        (PONG, _) => format!("pong '{payload}'"),
        (CLOSE, []) => "close".to_owned(),
        (CLOSE, [high, low, reason @ ..]) => match u16::from_be_bytes([*high, *low]) {
            code @ (1002 | 1007) => format!("close {code}"),
            code => format!("close {code} '{}'", String::from_utf8_lossy(reason)),
        },
        _ => format!("{frame:?}"),
    }
}

#[tokio::test]
async fn a_character_may_be_cut_between_fragments_but_not_at_the_end() {
    let (site, events) = Site::echo(WebSocketOptions::default()).await;
    let mut peer = Peer::open(&site).await;
    let euro = "€".as_bytes();
    peer.frame(TEXT & !FIN, &euro[..1]).await;
    peer.frame(FIN, &euro[1..]).await;
    peer.expect(TEXT, euro).await;
    peer.frame(TEXT & !FIN, b"ok").await;
    peer.frame(FIN, &euro[..2]).await;
    assert_eq!(peer.next_close().await.0, 1007);
    peer.stream.shutdown().await.unwrap();
    peer.expect_end().await;
    events.wait("failed: the WebSocket has ended").await;
    site.stop().await;
}

#[tokio::test]
async fn reserved_opcodes_are_a_protocol_error() {
    let (site, _) = Site::echo(WebSocketOptions::default()).await;
    for opcode in [0x83, 0x87, 0x8b, 0x8f] {
        let mut peer = Peer::open(&site).await;
        peer.frame(opcode, b"x").await;
        assert_eq!(peer.next_close().await.0, 1002, "{opcode:#x}");
    }
    site.stop().await;
}

#[tokio::test]
async fn frames_that_came_with_the_handshake_are_read() {
    let (site, _) = Site::echo(WebSocketOptions::default()).await;
    let mut peer = Peer::new(site.connect().await);
    let frame = super::peer::masked(TEXT, b"early");
    peer.write(&[super::peer::HANDSHAKE.as_bytes(), &frame].concat()).await;
    peer.head().await;
    peer.expect(TEXT, b"early").await;
    site.stop().await;
}
