//! Clients that leave, do not read, or upgrade.

use std::io::Read as _;

use crate::{
    is_skipped,
    support::{PATIENCE, Setup, built},
};

#[test]
fn a_client_that_leaves_ends_its_request_in_the_application() {
    if is_skipped("a_client_that_leaves_ends_its_request_in_the_application") {
        return;
    }
    let nginx = Setup::app(&built().contract).start();
    for _ in 0..3 {
        let mut wire = nginx.connect();
        wire.send("GET /wait?ms=600000 HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    let until = std::time::Instant::now() + PATIENCE;
    while !nginx.get("/info").contains("\"aborted\":3") {
        assert!(std::time::Instant::now() < until, "{}", nginx.get("/info"));
    }
}

#[test]
fn web_sockets_and_what_was_sent_with_the_handshake_work() {
    if is_skipped("web_sockets_and_what_was_sent_with_the_handshake_work") {
        return;
    }
    let nginx = Setup::app(&built().contract).start();
    let mut wire = nginx.connect();
    let handshake = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    // A text message, masked with zeros, in the same segment as the handshake.
    let message = [0x81, 0x85, 0, 0, 0, 0, b'h', b'e', b'l', b'l', b'o'];
    wire.send([handshake.as_bytes(), &message].concat());
    let head = wire.read_until("\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    assert!(
        head.to_ascii_lowercase().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="),
        "{head}"
    );
    let mut echo = [0; 7];
    wire.0.read_exact(&mut echo).expect("the message comes back");
    assert_eq!(&echo, b"\x81\x05hello");
    // A close is answered, and the connection ends.
    wire.send([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]);
    let mut close = [0; 4];
    wire.0.read_exact(&mut close).expect("the close is answered");
    assert_eq!(close, [0x88, 0x02, 0x03, 0xe8]);
    assert_eq!(wire.rest(), "");
}

#[test]
fn clients_that_do_not_read_cost_little_memory() {
    if is_skipped("clients_that_do_not_read_cost_little_memory") {
        return;
    }
    let nginx = Setup::app(&built().contract).start();
    assert_eq!(nginx.get("/"), "Hello World!");
    let before = nginx.memory();
    let stalled: Vec<_> = (0..50)
        .map(|_| {
            let mut wire = nginx.connect();
            wire.send("GET /big?size=268435456 HTTP/1.1\r\nHost: a\r\n\r\n");
            // The response has begun; nothing more is read.
            wire.read_until("\r\n\r\n");
            wire
        })
        .collect();
    // Each has all that it will be given once others are answered, one after the other, without growth.
    let mut after = nginx.memory();
    loop {
        for _ in 0..50 {
            assert_eq!(nginx.get("/"), "Hello World!");
        }
        let now = nginx.memory();
        if now <= after + 1024 * 1024 {
            break;
        }
        after = now;
    }
    let grown = nginx.memory().saturating_sub(before);
    assert!(grown < 64 * 1024 * 1024, "{} MB for 50 clients that do not read", grown / (1024 * 1024));
    drop(stalled);
}

#[test]
fn a_client_that_stalls_for_too_long_is_given_up() {
    if is_skipped("a_client_that_stalls_for_too_long_is_given_up") {
        return;
    }
    let app = built().contract.display();
    let nginx = Setup::location(&format!("falconry_app \"{app}\"; send_timeout 1s;")).start();
    let mut wire = nginx.connect();
    wire.send("GET /big?size=268435456 HTTP/1.1\r\nHost: a\r\n\r\n");
    nginx.wait_for_log("client timed out");
    let mut read = Vec::new();
    let _ = wire.0.read_to_end(&mut read);
    assert!(read.len() < 268_435_456, "everything came: {}", read.len());
}

#[test]
fn a_body_over_nginx_limit_is_413_for_the_application() {
    if is_skipped("a_body_over_nginx_limit_is_413_for_the_application") {
        return;
    }
    let app = built().contract.display();
    let nginx = Setup::location(&format!("falconry_app \"{app}\"; client_max_body_size 10;")).start();
    let request = "POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
        c\r\nhello, world\r\n0\r\n\r\n";
    let answer = nginx.connect().exchange(request);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}
