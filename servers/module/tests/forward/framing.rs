//! The bodies of requests and their ends.

use falconry_features::HttpRequestFeature;
use falconry_module::forward::{BackendAddress, ForwardErrorKind};
use http::HeaderValue;

use super::support::{Backend, Front, Wire};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[track_caller]
fn is_ok(client: &mut Wire) {
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 200 OK\n"), "{head}");
    assert_eq!(client.bytes(2), "ok");
}

#[test]
fn a_body_of_known_length_keeps_it() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello");
    let mut behind = backend.accept();
    let head = behind.head();
    assert!(head.contains("\ncontent-length: 11\n") && !head.contains("transfer-encoding"), "{head}");
    assert_eq!(behind.bytes(5), "hello", "it does not wait for the rest");
    client.send(" world");
    assert_eq!(behind.bytes(6), " world");
    behind.send(OK);
    is_ok(&mut client);
}

#[test]
fn a_chunked_body_is_chunked_again() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;name=value\r\nhello\r\n");
    let mut behind = backend.accept();
    let head = behind.head();
    assert!(head.contains("\ntransfer-encoding: chunked\n") && !head.contains("content-length"), "{head}");
    assert_eq!(behind.until("hello\r\n"), "5\r\nhello\r\n");
    client.send("1\r\n!\r\n0\r\n\r\n");
    assert_eq!(behind.until("0\r\n\r\n"), "1\r\n!\r\n0\r\n\r\n");
    behind.send(OK);
    is_ok(&mut client);
}

#[test]
fn a_get_with_a_chunked_body_keeps_it() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    let mut behind = backend.accept();
    assert!(behind.head().contains("\ntransfer-encoding: chunked\n"));
    assert_eq!(behind.until("0\r\n\r\n"), "3\r\nabc\r\n0\r\n\r\n");
    behind.send(OK);
    is_ok(&mut client);
}

#[test]
fn a_request_without_a_body_has_no_framing_and_an_empty_one_a_length_of_0() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send("DELETE /none HTTP/1.1\r\nHost: h\r\n\r\n");
    let mut behind = backend.accept();
    let head = behind.head();
    assert!(!head.contains("content-length") && !head.contains("transfer-encoding"), "{head}");
    behind.send(OK);
    is_ok(&mut client);
    client.send("DELETE /empty HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    let head = behind.head();
    assert!(head.contains("\ncontent-length: 0\n"), "{head}");
    behind.send(OK);
    is_ok(&mut client);
}

/// No server that keeps the rules lets it come so far; a middleware might.
#[test]
fn a_request_with_both_framings_is_forwarded_with_one() {
    let backend = Backend::new();
    let front = Front::start(
        BackendAddress::Tcp(backend.address()),
        |_| {},
        |features| {
            let request = features.get_mut::<dyn HttpRequestFeature>().unwrap();
            request.headers_mut().insert("content-length", HeaderValue::from_static("3"));
            request.headers_mut().append("transfer-encoding", HeaderValue::from_static("gzip"));
        },
    );
    let mut client = front.client();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    let mut behind = backend.accept();
    let head = behind.head();
    assert!(head.contains("\ntransfer-encoding: chunked\n") && !head.contains("content-length"), "{head}");
    assert!(!head.contains("gzip"), "{head}");
    assert_eq!(behind.until("0\r\n\r\n"), "5\r\nhello\r\n0\r\n\r\n");
    behind.send(OK);
    is_ok(&mut client);
}

#[test]
fn a_body_that_is_not_as_long_as_a_middleware_says_is_given_up() {
    let backend = Backend::new();
    let front = Front::start(
        BackendAddress::Tcp(backend.address()),
        |_| {},
        |features| {
            let request = features.get_mut::<dyn HttpRequestFeature>().unwrap();
            request.headers_mut().insert("content-length", HeaderValue::from_static("3"));
        },
    );
    let mut client = front.client();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
    let mut behind = backend.accept();
    let (seen, _) = behind.rest_or_reset();
    assert!(!seen.contains("hel"), "nothing of it may be taken for a body, or for a request: {seen}");
    assert_eq!(front.outcome().unwrap_err().status(), 400);
    assert!(client.head().starts_with("HTTP/1.1 400 Bad Request\n"));
}

#[test]
fn a_body_that_the_client_breaks_off_is_broken_off_at_the_backend() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    let mut behind = backend.accept();
    behind.head();
    behind.until("hello\r\n");
    client.send("nonsense\r\n");
    let (rest, _) = behind.rest_or_reset();
    assert_eq!(rest, "", "without an end that could be taken for a good one");
    assert!(client.head().starts_with("HTTP/1.1 400 Bad Request\n"));
    assert_eq!(front.outcome().unwrap_err().kind(), ForwardErrorKind::Refused(http::StatusCode::BAD_REQUEST));
}

#[test]
fn a_client_that_takes_trailers_is_reported_as_one() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send("GET / HTTP/1.1\r\nHost: h\r\nTE: trailers, deflate;q=0.5\r\nConnection: TE\r\n\r\n");
    let mut behind = backend.accept();
    let head = behind.head();
    assert!(head.contains("\nte: trailers\n") && head.contains("\nconnection: TE\n"), "{head}");
    behind.send(OK);
    is_ok(&mut client);
}

#[test]
fn the_body_waits_for_the_backend_that_is_asked_for_it() {
    let backend = Backend::new();
    let front = Front::with(&backend, |options| options.continue_timeout = super::support::PATIENCE);
    let mut client = front.client();
    client.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    let mut behind = backend.accept();
    assert!(behind.head().contains("\nexpect: 100-continue\n"));
    assert!(client.is_silent(), "the backend has not asked");
    behind.send("HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(client.head(), "HTTP/1.1 100 Continue");
    client.send("hello");
    assert_eq!(behind.bytes(5), "hello");
    behind.send(OK);
    is_ok(&mut client);
}

#[test]
fn a_backend_that_does_not_want_the_body_does_not_get_it() {
    let backend = Backend::new();
    let front = Front::with(&backend, |options| options.continue_timeout = super::support::PATIENCE);
    let mut client = front.client();
    client.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    let mut behind = backend.accept();
    behind.head();
    behind.send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
    assert!(client.head().starts_with("HTTP/1.1 417 Expectation Failed\n"), "and no 100 before it");
    assert_eq!(behind.rest_or_reset().0, "");
}

#[test]
fn a_backend_that_does_not_know_expectations_gets_the_body_after_a_while() {
    let backend = Backend::new();
    let front =
        Front::with(&backend, |options| options.continue_timeout = std::time::Duration::from_millis(20));
    let mut client = front.client();
    client.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    let mut behind = backend.accept();
    behind.head();
    assert_eq!(client.head(), "HTTP/1.1 100 Continue");
    client.send("hello");
    assert_eq!(behind.bytes(5), "hello");
    behind.send(OK);
    is_ok(&mut client);
}
