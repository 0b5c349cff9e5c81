//! The limit of a request's body, and of the backend's time.

use std::time::Duration;

use falconry_module::forward::ForwardErrorKind;

use super::support::{Backend, Front};

#[test]
fn a_declared_body_over_the_limit_is_refused_without_the_backend() {
    let backend = Backend::new();
    let front = Front::with(&backend, |options| options.max_request_body_size = Some(10));
    let mut client = front.client();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n");
    assert!(client.head().starts_with("HTTP/1.1 413 Payload Too Large\n"));
    let error = front.outcome().unwrap_err();
    assert_eq!((error.kind(), error.is_repeatable()), (ForwardErrorKind::RequestTooLarge, false));
    assert!(backend.is_left_alone());
}

#[test]
fn a_body_of_exactly_the_limit_passes() {
    let backend = Backend::new();
    let front = Front::with(&backend, |options| options.max_request_body_size = Some(10));
    let mut client = front.client();
    client
        .send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n");
    let mut behind = backend.accept();
    behind.head();
    behind.until("0\r\n\r\n");
    behind.send("HTTP/1.1 204 No Content\r\n\r\n");
    assert!(client.head().starts_with("HTTP/1.1 204 No Content"));
}

#[test]
fn a_chunked_body_over_the_limit_is_broken_off_and_refused() {
    let backend = Backend::new();
    let front = Front::with(&backend, |options| options.max_request_body_size = Some(10));
    let mut client = front.client();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    let mut behind = backend.accept();
    behind.head();
    behind.until("hello\r\n");
    client.send("6\r\n world\r\n0\r\n\r\n");
    assert_eq!(behind.rest_or_reset().0, "", "no end that could be taken for a good one");
    assert!(client.head().starts_with("HTTP/1.1 413 Payload Too Large\n"));
    assert_eq!(front.outcome().unwrap_err().kind(), ForwardErrorKind::RequestTooLarge);
}

#[test]
fn the_module_s_limit_takes_the_place_of_the_server_s() {
    let backend = Backend::new();
    // Kestrel's own is 30,000,000.
    let front = Front::with(&backend, |options| options.max_request_body_size = None);
    let mut client = front.client();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 40000000\r\n\r\nhello");
    let mut behind = backend.accept();
    assert!(behind.head().contains("\ncontent-length: 40000000\n"));
    assert_eq!(behind.bytes(5), "hello");
}

#[test]
fn a_backend_that_says_nothing_is_given_up() {
    let backend = Backend::new();
    let front = Front::with(&backend, |options| options.request_timeout = Duration::from_millis(100));
    let mut client = front.client();
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    let mut behind = backend.accept();
    behind.head();
    assert!(client.head().starts_with("HTTP/1.1 502 Bad Gateway\n"));
    let error = front.outcome().unwrap_err();
    assert_eq!((error.kind(), error.sub_status()), (ForwardErrorKind::TimedOut, 3));
    assert!(!error.is_repeatable(), "the backend has the request");
    assert!(behind.rest_or_reset().0.is_empty());
}

#[test]
fn a_backend_that_falls_silent_within_its_response_cuts_it() {
    let backend = Backend::new();
    let front = Front::with(&backend, |options| options.request_timeout = Duration::from_millis(100));
    let mut client = front.client();
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    let mut behind = backend.accept();
    behind.head();
    behind.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    client.head();
    assert_eq!(client.until("hello\r\n"), "5\r\nhello\r\n");
    assert_eq!(client.rest_or_reset().0, "", "no end of the body");
    let error = front.outcome().unwrap_err();
    assert_eq!((error.kind(), error.has_started()), (ForwardErrorKind::TimedOut, true));
}

#[test]
fn the_client_s_time_does_not_count() {
    let backend = Backend::new();
    let front = Front::with(&backend, |options| options.request_timeout = Duration::from_millis(100));
    let mut slow = front.client();
    slow.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello");
    let mut behind = backend.accept();
    behind.head();
    assert_eq!(behind.bytes(5), "hello");
    for _ in 0..3 {
        // Another request tells how long the timeout is.
        let mut other = front.client();
        other.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        backend.accept().head();
        assert!(other.head().starts_with("HTTP/1.1 502 Bad Gateway\n"));
    }
    slow.send("world");
    assert_eq!(behind.bytes(5), "world");
    behind.send("HTTP/1.1 204 No Content\r\n\r\n");
    assert!(slow.head().starts_with("HTTP/1.1 204 No Content"));
}

#[test]
fn every_byte_of_the_backend_gives_it_new_time() {
    let backend = Backend::new();
    let front = Front::with(&backend, |options| options.request_timeout = Duration::from_secs(2));
    let mut client = front.client();
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    let mut behind = backend.accept();
    behind.head();
    behind.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.head();
    let timer = Front::with(&backend, |options| options.request_timeout = Duration::from_millis(700));
    for _ in 0..4 {
        // Together these take longer than the timeout.
        let mut other = timer.client();
        other.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        backend.accept().head();
        assert!(other.head().starts_with("HTTP/1.1 502 Bad Gateway\n"));
        behind.send("1\r\n.\r\n");
        client.until("1\r\n.\r\n");
    }
    behind.send("0\r\n\r\n");
    client.until("0\r\n\r\n");
}
