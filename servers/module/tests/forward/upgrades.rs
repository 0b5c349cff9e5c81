//! Leaving HTTP.

use falconry_module::forward::ForwardErrorKind;

use super::support::{Backend, Front, Wire};

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-More: yes\r\n\r\n";

#[track_caller]
fn upgraded(ahead: &str) -> (Backend, Front, Wire, Wire) {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(UPGRADE);
    let mut behind = backend.accept();
    let head = behind.head();
    for field in ["connection: Upgrade", "upgrade: websocket", "sec-websocket-extensions: permessage-deflate"]
    {
        assert!(head.contains(&format!("\n{field}\n")), "{field}: {head}");
    }
    behind.send(format!("{SWITCHED}{ahead}"));
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\n"), "{head}");
    for field in ["upgrade: websocket", "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "x-more: yes"] {
        assert!(head.contains(&format!("\n{field}")), "{field}: {head}");
    }
    (backend, front, client, behind)
}

#[test]
fn bytes_go_both_ways_as_they_are() {
    let (_backend, front, mut client, mut behind) = upgraded("ahead");
    assert_eq!(client.bytes(5), "ahead");
    for piece in ["\x00\x01", "GET / HTTP/1.1\r\n\r\n", "x"] {
        client.send(piece);
        assert_eq!(behind.bytes(piece.len()), piece);
        behind.send(piece);
        assert_eq!(client.bytes(piece.len()), piece);
    }
    client.end();
    assert_eq!(behind.rest(), "", "an end of one side is no end of the other");
    behind.send("last");
    drop(behind);
    assert_eq!(client.rest(), "last");
    let outcome = front.outcome().unwrap();
    assert_eq!((outcome.is_upgraded, outcome.response_bytes), (true, 30));
    assert_eq!(front.backend.idle_connections(), 0);
}

#[test]
fn the_end_of_the_backend_reaches_the_client() {
    let (_backend, front, mut client, behind) = upgraded("");
    drop(behind);
    assert_eq!(client.rest(), "");
    client.end();
    front.outcome().unwrap();
}

#[test]
fn a_client_that_stays_silent_after_the_end_of_the_backend_is_not_waited_for() {
    let (_backend, front, mut client, behind) = upgraded("");
    drop(behind);
    assert_eq!(client.rest(), "");
    // The client does not end its side.
    assert!(front.outcome().unwrap().is_upgraded);
}

#[test]
fn a_reset_of_the_client_reaches_the_backend() {
    let (_backend, front, client, mut behind) = upgraded("");
    client.reset();
    behind.rest_or_reset();
    drop(behind);
    // Whatever way it ended, it did.
    let _ = front.outcome();
}

#[test]
fn an_upgrade_has_no_time_limit() {
    let backend = Backend::new();
    let front =
        Front::with(&backend, |options| options.request_timeout = std::time::Duration::from_millis(50));
    let mut client = front.client();
    client.send(UPGRADE);
    let mut behind = backend.accept();
    behind.head();
    behind.send(SWITCHED);
    client.head();
    for _ in 0..3 {
        let mut other = front.client();
        other.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        backend.accept().head();
        assert!(other.head().starts_with("HTTP/1.1 502 Bad Gateway\n"));
    }
    client.send("still here");
    assert_eq!(behind.bytes(10), "still here");
}

#[test]
fn an_upgrade_that_is_refused_is_an_ordinary_answer() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(UPGRADE);
    let mut behind = backend.accept();
    behind.head();
    behind.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    assert!(client.head().starts_with("HTTP/1.1 403 Forbidden\n"));
    assert_eq!(client.bytes(2), "no");
    front.outcome().unwrap();
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(behind.head().starts_with("GET / "), "both connections go on");
    behind.send("HTTP/1.1 204 No Content\r\n\r\n");
    client.head();
}

#[test]
fn http_2_is_not_let_in_by_an_upgrade() {
    for (offered, passed) in [
        ("h2c", None),
        ("HTTP/2.0, H2C", None),
        ("TLS/1.0", None),
        ("h2c, websocket", Some("\nupgrade: websocket\n")),
    ] {
        let backend = Backend::new();
        let front = Front::of(&backend);
        let mut client = front.client();
        client.send(format!(
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: {offered}\r\n\
             HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
        ));
        let mut behind = backend.accept();
        let head = behind.head();
        assert!(!head.to_ascii_lowercase().contains("h2c") && !head.contains("http2-settings"), "{head}");
        match passed {
            Some(field) => assert!(head.contains(field), "{head}"),
            None => assert!(!head.contains("upgrade"), "{head}"),
        }
        behind.send("HTTP/1.1 204 No Content\r\n\r\n");
        assert!(client.head().starts_with("HTTP/1.1 204 No Content"));
    }
}

#[test]
fn a_switch_to_something_that_was_not_offered_is_a_bad_gateway() {
    for response in [
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/1.0 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ] {
        let backend = Backend::new();
        let front = Front::of(&backend);
        let mut client = front.client();
        client.send(UPGRADE);
        let mut behind = backend.accept();
        behind.head();
        behind.send(response);
        let head = client.head();
        assert!(head.starts_with("HTTP/1.1 502 Bad Gateway\n"), "{response:?}: {head}");
        assert_eq!(front.outcome().unwrap_err().kind(), ForwardErrorKind::BadResponse);
    }
}
