//! The fields after a body, in both directions.

use super::support::{Backend, Front, Wire};

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const ASKING: &str = "GET / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: TE\r\n\r\n";
const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[track_caller]
fn is_ok(client: &mut Wire) {
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 200 OK\n"), "{head}");
    assert_eq!(client.bytes(2), "ok");
}

#[test]
fn trailers_of_a_request_pass_without_having_been_announced() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(format!("{CHUNKED}5\r\nhello\r\n0\r\nX-Sum: abc\r\nX-Two: 1\r\nX-Two: 2\r\nX-None:\r\n\r\n"));
    let mut behind = backend.accept();
    assert!(!behind.head().contains("trailer"));
    assert_eq!(
        behind.until("\r\n\r\n"),
        "5\r\nhello\r\n0\r\nx-sum: abc\r\nx-two: 1\r\nx-two: 2\r\nx-none: \r\n\r\n"
    );
    behind.send(OK);
    is_ok(&mut client);
}

#[test]
fn announced_trailers_pass_but_not_those_that_could_change_the_request() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Host, Content-Length, \
         MS-ASPNETCORE-TOKEN, X-Forwarded-For\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: abc\r\nHost: evil\r\n\
         Content-Length: 7\r\nTransfer-Encoding: chunked\r\nMS-ASPNETCORE-TOKEN: t\r\nMS_ASPNETCORE_CLIENTCERT: c\r\n\
         X-Forwarded-For: 8.8.8.8\r\nX_Forwarded_For: 8.8.8.8\r\n\r\n",
    );
    let mut behind = backend.accept();
    assert!(behind.head().contains("\ntrailer: X-Sum"));
    assert_eq!(behind.until("\r\n\r\n"), "5\r\nhello\r\n0\r\nx-sum: abc\r\n\r\n");
    behind.send(OK);
    is_ok(&mut client);
}

/// RFC 9110 section 7.6.1.
#[test]
fn trailers_that_connection_names_end_at_the_module() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(
        "POST / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: TE, X-Mine\r\nTransfer-Encoding: chunked\r\n\r\n\
         0\r\nX-Mine: a\r\nX-Other: b\r\n\r\n",
    );
    let mut behind = backend.accept();
    behind.head();
    assert_eq!(behind.until("\r\n\r\n"), "0\r\nx-other: b\r\n\r\n");
    behind.send(
        "HTTP/1.1 200 OK\r\nConnection: X-Mine\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Mine: a\r\n\
         X-Other: b\r\n\r\n",
    );
    client.head();
    assert_eq!(client.until("\r\n\r\n"), "2\r\nok\r\n0\r\nx-other: b\r\n\r\n");
}

#[test]
fn trailers_without_data_before_them_pass() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(format!("{CHUNKED}0\r\nX-Sum: abc\r\n\r\n"));
    let mut behind = backend.accept();
    behind.head();
    assert_eq!(behind.until("\r\n\r\n"), "0\r\nx-sum: abc\r\n\r\n");
    behind.send(OK);
    is_ok(&mut client);
}

#[test]
fn data_that_looks_like_the_end_is_data() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(format!("{CHUNKED}5\r\n0\r\n\r\n\r\n4\r\n\r\n\r\n\r\n0\r\nX-Sum: abc\r\n\r\n"));
    let mut behind = backend.accept();
    behind.head();
    let sent = "5\r\n0\r\n\r\n\r\n4\r\n\r\n\r\n\r\n0\r\nx-sum: abc\r\n\r\n";
    assert_eq!(behind.bytes(sent.len()), sent);
    behind.send(OK);
    is_ok(&mut client);
}

#[test]
fn the_requests_after_trailers_are_as_they_were_sent() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(format!("{CHUNKED}0\r\nX-Sum: abc\r\n\r\n"));
    let mut behind = backend.accept();
    behind.head();
    behind.until("x-sum: abc\r\n\r\n");
    behind.send(OK);
    is_ok(&mut client);
    // On the same connection: no body, one of known length that ends as chunks do, chunks with and without trailers.
    client.send(GET);
    assert!(behind.head().starts_with("GET / "));
    behind.send(OK);
    is_ok(&mut client);
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello0\r\n\r\n");
    assert!(behind.head().contains("\ncontent-length: 10\n"));
    assert_eq!(behind.bytes(10), "hello0\r\n\r\n");
    behind.send(OK);
    is_ok(&mut client);
    for trailers in ["", "X-Other: b\r\n", ""] {
        client.send(format!("{CHUNKED}1\r\na\r\n0\r\n{trailers}\r\n"));
        behind.head();
        let sent = format!("1\r\na\r\n0\r\n{}\r\n", trailers.to_lowercase());
        assert_eq!(behind.bytes(sent.len()), sent);
        behind.send(OK);
        is_ok(&mut client);
    }
    assert!(behind.is_silent());
}

#[test]
fn trailers_follow_a_body_that_the_backend_takes_its_time_to_read() {
    const SIZE: usize = 4_000_000;
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    let trailers = format!("x-long: {}\r\n\r\n", "y".repeat(8_000));
    let body = format!("{CHUNKED}{SIZE:x}\r\n{}\r\n0\r\n{trailers}", "z".repeat(SIZE));
    let sender = std::thread::spawn(move || {
        client.send(body);
        client
    });
    let mut behind = backend.accept();
    behind.head();
    let seen = behind.until("\r\n0\r\n");
    assert!(seen.len() > SIZE);
    assert_eq!(behind.bytes(trailers.len()), trailers);
    behind.send(OK);
    is_ok(&mut sender.join().unwrap());
}

/// RFC 9110 section 6.5.1: a sender must know that the recipient takes them.
#[test]
fn trailers_reach_a_client_that_asked_for_them() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Set-Cookie\r\n\r\n\
                    5\r\nhello\r\n0\r\nX-Sum: abc\r\nSet-Cookie: a=b\r\n\r\n";
    let mut client = front.client();
    client.send(ASKING);
    let mut behind = backend.accept();
    behind.head();
    behind.send(response);
    let head = client.head();
    assert!(
        head.contains("\ntrailer: X-Sum, Set-Cookie") && head.contains("\ntransfer-encoding: chunked"),
        "{head}"
    );
    assert_eq!(client.until("\r\n\r\n"), "5\r\nhello\r\n0\r\nx-sum: abc\r\n\r\n");
    client.send(GET);
    behind.head();
    behind.send(response);
    let head = client.head();
    assert!(!head.contains("trailer:"), "{head}");
    match head.contains("transfer-encoding") {
        true => assert_eq!(client.until("0\r\n\r\n"), "5\r\nhello\r\n0\r\n\r\n"),
        false => assert_eq!(client.bytes(5), "hello"),
    }
    assert!(client.is_silent());
}

#[test]
fn trailers_of_a_response_pass_without_having_been_announced() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(ASKING);
    let mut behind = backend.accept();
    behind.head();
    behind.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: abc\r\nX-Two: 1\r\nX-Two: 2\r\n\
         Content-Length: 7\r\n\r\n",
    );
    client.head();
    assert_eq!(client.until("\r\n\r\n"), "5\r\nhello\r\n0\r\nx-sum: abc\r\nx-two: 1\r\nx-two: 2\r\n\r\n");
}
