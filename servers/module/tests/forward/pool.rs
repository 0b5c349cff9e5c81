//! Connections that are used again, and those that are not.

use std::time::Duration;

use falconry_module::forward::{BackendAddress, ForwardErrorKind};

use super::support::{Backend, Front, Wire};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

/// One whole exchange, which leaves a connection in the pool.
#[track_caller]
fn exchange(front: &Front, client: &mut Wire, behind: &mut Wire) {
    client.send(get("/first"));
    assert!(behind.head().starts_with("GET /first "));
    behind.send(OK);
    assert!(client.head().starts_with("HTTP/1.1 200 OK\n"));
    front.outcome().unwrap();
}

/// A front with one connection in its pool.
#[track_caller]
fn pooled() -> (Backend, Front, Wire, Wire) {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(get("/zeroth"));
    let mut behind = backend.accept();
    behind.head();
    behind.send(OK);
    client.head();
    front.outcome().unwrap();
    assert_eq!(front.backend.idle_connections(), 1);
    (backend, front, client, behind)
}

#[test]
fn requests_of_different_clients_use_one_connection_after_the_other() {
    let (backend, front, mut client, mut behind) = pooled();
    exchange(&front, &mut client, &mut behind);
    exchange(&front, &mut front.client(), &mut behind);
    assert!(backend.is_left_alone());
    assert_eq!(front.backend.idle_connections(), 1);
}

#[test]
fn requests_at_the_same_time_have_a_connection_each_and_the_last_one_back_is_used_first() {
    let (backend, front, mut client, mut first) = pooled();
    let mut other = front.client();
    client.send(get("/a"));
    first.head();
    other.send(get("/b"));
    let mut second = backend.accept();
    second.head();
    second.send(OK);
    other.head();
    front.outcome().unwrap();
    first.send(OK);
    client.head();
    front.outcome().unwrap();
    assert_eq!(front.backend.idle_connections(), 2);
    exchange(&front, &mut client, &mut first);
}

#[test]
fn a_connection_that_the_backend_has_closed_costs_no_request() {
    for method in ["GET", "POST"] {
        let (backend, _front, mut client, behind) = pooled();
        drop(behind);
        client.send(format!("{method} /second HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"));
        let mut behind = backend.accept();
        assert!(behind.head().starts_with(method));
        assert_eq!(behind.bytes(2), "hi");
        behind.send(OK);
        assert!(client.head().starts_with("HTTP/1.1 200 OK\n"));
    }
}

#[test]
fn a_connection_on_which_the_backend_speaks_first_is_not_used() {
    let (backend, front, mut client, mut behind) = pooled();
    behind.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    client.send(get("/second"));
    let mut fresh = backend.accept();
    fresh.head();
    fresh.send(OK);
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 200 OK\n") && head.contains("content-length: 0"), "{head}");
    front.outcome().unwrap();
}

#[test]
fn bytes_behind_a_response_are_not_the_next_one() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(get("/first"));
    let mut behind = backend.accept();
    behind.head();
    behind.send(format!("{OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"));
    client.head();
    front.outcome().unwrap();
    assert_eq!(front.backend.idle_connections(), 0);
    client.send(get("/second"));
    let mut fresh = backend.accept();
    assert!(fresh.head().starts_with("GET /second "));
    fresh.send(OK);
    assert!(client.head().contains("content-length: 0"));
}

#[test]
fn a_request_that_may_be_repeated_is_when_a_used_connection_closes_on_it() {
    for request in [
        get("/again"),
        "DELETE /again HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        "OPTIONS /again HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
    ] {
        let (backend, front, mut client, mut behind) = pooled();
        client.send(&request);
        let seen = behind.head();
        behind.reset();
        let mut fresh = backend.accept();
        assert_eq!(fresh.head(), seen);
        fresh.send(OK);
        assert!(client.head().starts_with("HTTP/1.1 200 OK\n"));
        front.outcome().unwrap();
    }
}

#[test]
fn a_request_that_may_not_be_repeated_is_not() {
    for (request, sent) in [
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", ""),
        ("PATCH / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi", "hi"),
        // Its body is gone.
        ("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi", "hi"),
    ] {
        let (backend, front, mut client, mut behind) = pooled();
        client.send(request);
        behind.head();
        assert_eq!(behind.bytes(sent.len()), sent);
        drop(behind);
        assert!(client.head().starts_with("HTTP/1.1 502 Bad Gateway\n"));
        let error = front.outcome().unwrap_err();
        assert_eq!(
            (error.kind(), error.is_repeatable()),
            (ForwardErrorKind::BackendClosed, false),
            "{request}"
        );
        assert!(backend.is_left_alone());
    }
}

#[test]
fn a_request_is_repeated_once_only() {
    let (backend, front, mut client, mut behind) = pooled();
    client.send(get("/again"));
    behind.head();
    behind.reset();
    let mut fresh = backend.accept();
    fresh.head();
    fresh.reset();
    assert!(client.head().starts_with("HTTP/1.1 502 Bad Gateway\n"));
    assert!(front.outcome().unwrap_err().is_repeatable(), "it may go to another backend");
    assert!(backend.is_left_alone());
}

#[test]
fn a_request_that_was_answered_in_part_is_not_repeated() {
    let (backend, front, mut client, mut behind) = pooled();
    client.send(get("/again"));
    behind.head();
    behind.send("HTTP/1.1 2");
    drop(behind);
    assert!(client.head().starts_with("HTTP/1.1 502 Bad Gateway\n"));
    assert!(!front.outcome().unwrap_err().is_repeatable());
    assert!(backend.is_left_alone());
}

#[test]
fn a_connection_that_is_not_to_be_kept_is_not() {
    for response in [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 205 Reset Content\r\nContent-Length: 50\r\n\r\nhello",
    ] {
        let backend = Backend::new();
        let front = Front::of(&backend);
        let mut client = front.client();
        client.send(get("/"));
        let mut behind = backend.accept();
        behind.head();
        behind.send(response);
        client.head();
        front.outcome().unwrap();
        assert_eq!(front.backend.idle_connections(), 0, "{response:?}");
        behind.rest_or_reset();
    }
}

#[test]
fn a_response_before_the_end_of_the_request_ends_the_connection() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello");
    let mut behind = backend.accept();
    behind.head();
    assert_eq!(behind.bytes(5), "hello");
    behind.send("HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\nno");
    assert!(client.head().starts_with("HTTP/1.1 409 Conflict\n"));
    assert_eq!(client.bytes(2), "no");
    front.outcome().unwrap();
    assert_eq!(front.backend.idle_connections(), 0);
    assert_eq!(behind.rest_or_reset().0, "");
}

#[test]
fn a_backend_that_is_not_there_is_a_repeatable_failure() {
    let address = Backend::new().address();
    let front = Front::start(BackendAddress::Tcp(address), |_| {}, |_| {});
    let mut client = front.client();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
    assert!(client.head().starts_with("HTTP/1.1 502 Bad Gateway\n"));
    let error = front.outcome().unwrap_err();
    assert_eq!((error.kind(), error.is_repeatable()), (ForwardErrorKind::ConnectFailed, true));
    assert_eq!((error.status().as_u16(), error.sub_status()), (502, 3));
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[test]
fn a_retired_backend_takes_no_new_requests_and_finishes_the_old_ones() {
    let (backend, front, mut client, mut behind) = pooled();
    client.send(get("/under-way"));
    behind.head();
    front.backend.retire();
    let mut late = front.client();
    late.send(get("/late"));
    assert!(late.head().starts_with("HTTP/1.1 503 Service Unavailable\n"));
    let error = front.outcome().unwrap_err();
    assert_eq!((error.kind(), error.is_repeatable()), (ForwardErrorKind::Retired, true));
    behind.send(OK);
    assert!(client.head().starts_with("HTTP/1.1 200 OK\n"));
    assert_eq!(front.outcome().unwrap().status, 200);
    assert_eq!(behind.rest_or_reset().0, "", "and closes");
    assert!(backend.is_left_alone());
}

#[test]
fn retiring_closes_what_is_idle() {
    let (_backend, front, _client, mut behind) = pooled();
    front.backend.retire();
    assert_eq!(front.backend.idle_connections(), 0);
    assert_eq!(behind.rest(), "");
}

#[cfg(unix)]
#[test]
fn a_unix_socket_is_as_good() {
    use std::{
        io::{Read, Write},
        os::unix::net::UnixListener,
    };

    let path = std::env::temp_dir().join(format!("falconry-forward-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    let front = Front::start(BackendAddress::Unix(path.clone()), |_| {}, |_| {});
    let mut client = front.client();
    let backend = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        for _ in 0..2 {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    for _ in 0..2 {
        client.send(get("/"));
        assert!(client.head().starts_with("HTTP/1.1 200 OK\n"));
    }
    backend.join().unwrap();
    std::fs::remove_file(&path).unwrap();
}
