//! How connections of HTTP/2 begin and end.

#[path = "support/h2/mod.rs"]
mod h2;

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use falconry_features::{Deadline, MinDataRate};
use falconry_kestrel::{HttpProtocols, KestrelServerLimits};
use h2::{
    Raw, Server, code, data, flag, headers, kind,
    raw::{GET, POST, PREFACE, path_of},
    settings,
};

const END: u8 = flag::END_STREAM;

fn speaking(protocols: HttpProtocols) -> Server {
    Server::with(|_| {}, |endpoint| endpoint.protocols = protocols)
}

fn hasty(configure: impl FnOnce(&mut KestrelServerLimits)) -> Server {
    Server::with_limits(configure)
}

/// What the server answers until it closes.
fn exchange(server: &Server, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

const HTTP1: &[u8] = b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";

#[test]
fn one_port_serves_both_protocols() {
    let server = Server::start();
    assert!(exchange(&server, HTTP1).starts_with("HTTP/1.1 200 OK\r\n"));
    server.connect().assert_serves(1);
}

#[test]
fn methods_that_begin_as_the_preface_does_are_not_taken_for_it() {
    let server = Server::start();
    for method in ["P", "PR", "PRI", "POST", "PROPFIND", "PRIX"] {
        let request = format!(
            "{method} /fields HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        assert!(exchange(&server, request.as_bytes()).starts_with("HTTP/1.1 200 OK\r\n"), "{method}");
    }
}

#[test]
fn a_preface_may_come_in_pieces() {
    let server = Server::start();
    let mut raw = Raw::bare(server.address);
    for byte in PREFACE.iter().chain(&settings(&[])) {
        raw.send(&[*byte]);
        // What was written is on its way before the next is.
        raw.stream.flush().unwrap();
    }
    raw.assert_serves(1);
}

#[test]
fn a_request_may_come_with_the_preface() {
    let server = Server::start();
    let mut raw = Raw::bare(server.address);
    raw.send(&[PREFACE, &settings(&[]), &headers(1, END, &GET)].concat());
    assert_eq!(raw.response(1).text(), "Hello World!");
}

#[test]
fn a_request_may_come_in_pieces() {
    let server = Server::start();
    let mut raw = server.connect();
    for byte in [headers(1, 0, &POST), data(1, 0, b"hello"), headers(1, END, &[("x-a", "b")])].concat() {
        raw.send(&[byte]);
    }
    assert_eq!(raw.response(1).text(), "hello");
}

#[test]
fn http1_is_told_where_only_http2_is_spoken() {
    let server = speaking(HttpProtocols::HTTP2);
    let answer = exchange(&server, HTTP1);
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("Content-Type: text/plain"));
    assert!(head.contains(&format!("Content-Length: {}", body.len())));
    assert_eq!(body, "An HTTP/1.x request was sent to an HTTP/2 only endpoint.");
    server.connect().assert_serves(1);
}

#[test]
fn who_speaks_neither_is_told_where_only_http2_is_spoken() {
    let server = speaking(HttpProtocols::HTTP2);
    let mut raw = Raw::bare(server.address);
    raw.send(b"INVALID CONNECTION PREFACE\r\n\r\n");
    assert_eq!(raw.expect(kind::SETTINGS).payload, b"");
    assert_eq!(raw.goaway(), Some(code::PROTOCOL_ERROR));
}

#[test]
fn http2_is_told_where_only_http1_is_spoken() {
    let server = speaking(HttpProtocols::HTTP1);
    let mut raw = Raw::bare(server.address);
    raw.send(PREFACE);
    raw.send(&settings(&[]));
    assert_eq!(raw.expect(kind::SETTINGS).payload, b"");
    let goaway = raw.next().unwrap();
    assert_eq!((goaway.kind, goaway.number(0), goaway.code()), (kind::GOAWAY, 0, code::HTTP_1_1_REQUIRED));
    assert_eq!(raw.next(), None);
    assert!(exchange(&server, HTTP1).starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn the_first_frame_of_both_sides_is_settings() {
    let server = Server::start();
    let mut raw = Raw::bare(server.address);
    raw.send(PREFACE);
    raw.send(&headers(1, END, &GET));
    let first = raw.next().unwrap();
    assert_eq!((first.kind, first.flags), (kind::SETTINGS, 0));
    assert_eq!(raw.goaway(), Some(code::PROTOCOL_ERROR));
}

#[test]
fn an_acknowledgment_does_not_begin_a_connection() {
    let server = Server::start();
    let mut raw = Raw::bare(server.address);
    raw.send(PREFACE);
    raw.send(&h2::frame(kind::SETTINGS, flag::ACK, 0, b""));
    assert_eq!(raw.goaway(), Some(code::PROTOCOL_ERROR));
}

#[test]
fn a_client_that_says_nothing_is_left() {
    let server = hasty(|limits| {
        limits.set_keep_alive_timeout(Duration::from_secs(1)).unwrap();
    });
    assert_eq!(exchange(&server, b""), "");
}

#[test]
fn a_client_that_stops_within_the_preface_is_taken_for_http1() {
    let server = hasty(|limits| {
        limits.set_request_headers_timeout(Duration::from_secs(1)).unwrap();
    });
    let begun = Instant::now();
    assert!(exchange(&server, &PREFACE[..10]).starts_with("HTTP/1.1 408 Request Timeout\r\n"));
    // Not the time of an idle connection, which is two minutes.
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_connection_without_streams_ends_after_the_keep_alive_timeout() {
    let server = hasty(|limits| {
        limits.set_keep_alive_timeout(Duration::from_secs(1)).unwrap();
    });
    let mut raw = server.connect();
    raw.assert_serves(1);
    assert_eq!(raw.goaway(), Some(code::NO_ERROR));
}

#[test]
fn a_stream_keeps_its_connection() {
    let server = hasty(|limits| {
        limits.set_keep_alive_timeout(Duration::from_secs(1)).unwrap();
    });
    let mut raw = server.connect();
    raw.send(&headers(1, END, &path_of(&GET, "/silent")));
    raw.stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    let error = raw.stream.read(&mut [0; 10]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn fields_that_do_not_end_in_time_end_the_connection() {
    let server = hasty(|limits| {
        limits.set_request_headers_timeout(Duration::from_secs(1)).unwrap();
    });
    let mut raw = server.connect();
    raw.send(&h2::frame(kind::HEADERS, END, 1, &h2::block(&GET)[..10]));
    assert_eq!(raw.goaway(), Some(code::INTERNAL_ERROR));
}

#[test]
fn a_silent_client_is_asked_and_left_if_it_does_not_answer() {
    let server = hasty(|limits| {
        limits.http2.set_keep_alive_ping_delay(Duration::from_secs(1)).unwrap();
        limits.http2.set_keep_alive_ping_timeout(Duration::from_secs(1)).unwrap();
    });
    let mut raw = server.connect();
    let ping = raw.expect(kind::PING);
    assert!(!ping.has(flag::ACK));
    raw.send(&h2::frame(kind::PING, flag::ACK, 0, &ping.payload));
    raw.assert_serves(1);
    assert!(!raw.expect(kind::PING).has(flag::ACK));
    assert_eq!(raw.goaway(), Some(code::INTERNAL_ERROR));
}

fn slow() -> MinDataRate {
    MinDataRate::new(100.0, Duration::from_millis(1100)).unwrap()
}

#[test]
fn a_body_that_comes_too_slowly_is_given_up() {
    let server = hasty(|limits| {
        limits.set_min_request_body_data_rate(slow());
    });
    let mut raw = server.connect();
    raw.send(&headers(1, 0, &path_of(&POST, "/upload")));
    raw.send(&data(1, 0, b"a little"));
    assert_eq!(raw.response(1).status(), 408);
    raw.assert_serves(3);
}

#[test]
fn a_response_that_is_taken_too_slowly_is_given_up() {
    let server = hasty(|limits| {
        limits.set_min_response_data_rate(slow());
    });
    let mut raw = Raw::connect_with(server.address, &[(4, 10)]);
    let response = raw.get(1, "/big?100000");
    assert_eq!((response.body.len(), response.reset), (10, Some(code::INTERNAL_ERROR)));
}

#[test]
fn a_stop_ends_connections_without_streams() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.assert_serves(1);
    let stopped = server.stop(Deadline::never());
    assert_eq!(raw.goaway(), Some(code::NO_ERROR));
    stopped.recv_timeout(Duration::from_secs(60)).unwrap();
}

#[test]
fn a_stop_waits_for_streams() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.send(&headers(1, 0, &path_of(&POST, "/until")));
    assert_eq!(raw.expect_of(1, kind::DATA).payload, b"begun");
    let stopped = server.stop(Deadline::never());
    let goaway = raw.goaway_frame();
    assert_eq!((goaway.number(0), goaway.code()), (0x7FFF_FFFF, code::NO_ERROR));
    raw.send(&data(1, END, b"12345"));
    assert_eq!(raw.expect_of(1, kind::DATA).payload, b" 5");
    assert_eq!(raw.goaway(), Some(code::NO_ERROR));
    drop(raw);
    stopped.recv_timeout(Duration::from_secs(60)).unwrap();
}

#[test]
fn a_stop_ends_at_its_deadline() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.send(&headers(1, END, &path_of(&GET, "/wait")));
    raw.expect(kind::HEADERS);
    let stopped = server.stop(Deadline::now());
    stopped.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(server.app.aborted.get(), 1);
    while raw.next().is_some() {}
}

#[test]
fn a_stop_does_not_wait_for_a_client_that_has_not_begun() {
    let server = Server::start();
    let _silent = Raw::bare(server.address);
    let mut begun = Raw::bare(server.address);
    begun.send(PREFACE);
    begun.expect(kind::SETTINGS);
    let stopped = server.stop(Deadline::never());
    stopped.recv_timeout(Duration::from_secs(60)).unwrap();
}
