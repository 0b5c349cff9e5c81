//! Ends before their time.

use falconry_module::forward::ForwardErrorKind;

use super::support::{Backend, Front};

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

#[test]
fn a_backend_that_dies_within_its_response_cuts_it() {
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n0\r\n\r\n",
    ] {
        let backend = Backend::new();
        let front = Front::of(&backend);
        let mut client = front.client();
        client.send(GET);
        let mut behind = backend.accept();
        behind.head();
        behind.send(response);
        behind.end();
        let head = client.head();
        assert!(head.starts_with("HTTP/1.1 200 OK\n"), "{response:?}: {head}");
        let (rest, _) = client.rest_or_reset();
        assert!(rest.contains("hello"), "what came is delivered: {rest:?}");
        assert!(!rest.contains("0\r\n\r\n") && rest.len() <= 10, "{response:?}: {rest:?} looks whole");
        let error = front.outcome().unwrap_err();
        assert!(error.has_started() && !error.is_repeatable(), "{response:?}: {error}");
    }
}

#[test]
fn a_reset_ends_a_response_that_only_the_end_of_the_connection_would_have_ended() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(GET);
    let mut behind = backend.accept();
    behind.head();
    behind.send("HTTP/1.1 200 OK\r\n\r\nhello");
    client.head();
    client.until("hello\r\n");
    behind.reset();
    assert!(!client.rest_or_reset().0.contains("0\r\n\r\n"));
    assert!(front.outcome().unwrap_err().has_started());
}

#[test]
fn a_client_that_leaves_ends_its_request_at_the_backend() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(GET);
    let mut behind = backend.accept();
    behind.head();
    drop(client);
    let (rest, was_reset) = behind.rest_or_reset();
    assert_eq!((&*rest, was_reset), ("", true));
    assert_eq!(front.backend.idle_connections(), 0);
}

#[test]
fn a_client_that_leaves_within_the_response_ends_it_at_the_backend() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(GET);
    let mut behind = backend.accept();
    behind.head();
    behind.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    client.until("hello\r\n");
    client.reset();
    assert_eq!(behind.rest_or_reset(), (String::new(), true));
}

#[test]
fn a_client_that_only_ends_its_sending_side_is_answered() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    client.end();
    let mut behind = backend.accept();
    behind.head();
    behind.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    assert!(client.head().starts_with("HTTP/1.1 200 OK\n"));
    assert_eq!(client.rest(), "hello");
    front.outcome().unwrap();
}

#[test]
fn a_client_that_leaves_within_its_body_ends_it_at_the_backend() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello");
    let mut behind = backend.accept();
    behind.head();
    assert_eq!(behind.bytes(5), "hello");
    client.reset();
    assert_eq!(behind.rest_or_reset().0, "");
    // The server may drop the request before it hears of the end.
    drop(front);
}

/// More than the system's and the module's buffers on the way.
const MUCH: usize = 48 * 1024 * 1024;

#[test]
fn a_large_request_does_not_gather_in_the_module() {
    let backend = Backend::new();
    let front = Front::with(&backend, |options| options.max_request_body_size = None);
    let mut client = front.client();
    client.send(format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", 2 * MUCH));
    let mut behind = backend.accept();
    behind.head();
    let sent = client.fill(2 * MUCH);
    assert!(sent < MUCH, "{sent} bytes were taken, of which the backend has read none");
    drop(behind);
    assert_eq!(front.outcome().unwrap_err().kind(), ForwardErrorKind::BackendClosed);
}

#[test]
fn a_large_response_does_not_gather_in_the_module() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(GET);
    let mut behind = backend.accept();
    behind.head();
    behind.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 2 * MUCH));
    client.head();
    let sent = behind.fill(2 * MUCH);
    assert!(sent < MUCH, "{sent} bytes were taken, of which the client has read none");
    client.reset();
    assert!(behind.rest_or_reset().1);
}
