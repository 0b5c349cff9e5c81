//! Which requests are taken, and what they mean.

use falconry_features::{
    BadHttpRequestError, HttpRequestFeature as _,
    http1::{BodyPiece, RequestFraming, RequestHead, RequestLimits, RequestReader},
};

fn head(text: &str) -> Result<RequestHead, BadHttpRequestError> {
    let mut reader = RequestReader::new(RequestLimits::default());
    reader.receive(text.as_bytes());
    reader.head().map(|head| head.expect("the head is complete"))
}

/// The status that a request with these lines behind `POST / HTTP/1.1` and Host is refused with; 200 if it is not.
fn status(lines: &str) -> u16 {
    status_of(&format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n"))
}

fn status_of(text: &str) -> u16 {
    head(text).map_or_else(|refusal| refusal.status().as_u16(), |_| 200)
}

#[test]
fn a_head_becomes_a_request() {
    let head =
        head("PUT /a%20b/../c?d=e HTTP/1.1\r\nHost: a\r\nX: 1\r\nx:2 \r\nContent-Length: 7\r\n\r\n").unwrap();
    let request = &head.request;
    assert_eq!((request.method().as_str(), request.raw_target()), ("PUT", "/a%20b/../c?d=e"));
    assert_eq!((request.path(), request.query_string()), ("/c", "?d=e"));
    assert_eq!(request.headers().get_all("x").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!((head.framing, head.keep_alive), (RequestFraming::Length(7), true));
    assert!(!head.expects_continue && !head.accepts_trailers && !head.may_upgrade);
}

#[test]
fn the_framing_of_a_body_is_one_that_everybody_understands() {
    for lines in [
        "Content-Length: 1\r\nContent-Length: 1\r\n",
        "Content-Length: 1, 1\r\n",
        "Content-Length: +1\r\n",
        "Content-Length: 0x1\r\n",
        "Content-Length: 1 1\r\n",
        "Content-Length:\r\n",
        "Content-Length: 9223372036854775808\r\n",
        "Transfer-Encoding:\r\n",
        "Transfer-Encoding: ,\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked;q=1\r\n",
        "Transfer-Encoding: \x0bchunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: x\r\n",
    ] {
        assert_eq!(status(lines), 400, "{lines:?}");
    }
    assert_eq!(status("Transfer-Encoding: gzip, chunked\r\n"), 501);
    assert_eq!(status("Transfer-Encoding: CHUNKED\r\n"), 200);
    assert_eq!(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    assert_eq!(status_of("POST / HTTP/1.0\r\n\r\n"), 400);
    assert_eq!(status_of("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 1\r\n\r\n"), 400);
}

#[test]
fn a_length_beside_chunks_decides_nothing_and_closes() {
    let lines = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n";
    let head = head(lines).unwrap();
    assert_eq!((head.framing, head.keep_alive), (RequestFraming::Chunked, false));
    assert!(!head.request.headers.contains_key("content-length"));
    assert_eq!(head.request.headers["x-content-length"], "9");
}

#[test]
fn lines_end_with_crlf_and_are_not_folded() {
    for lines in [
        "X: a\nY: b\r\n",
        "X: a\rY: b\r\n",
        "X: a\r\n b\r\n",
        "X : a\r\n",
        ": a\r\n",
        "X\r\n",
        " X: a\r\n",
        "X: a\0\r\n",
        "X\u{e9}: a\r\n",
    ] {
        assert_eq!(status(lines), 400, "{lines:?}");
    }
    assert_eq!(status("X: \u{e9}\t\"(\r\n"), 200);
}

#[test]
fn request_lines_have_three_parts_with_a_space_between_them() {
    for (line, expected) in [
        ("GET / HTTP/1.1", 200),
        ("get\t/ HTTP/1.1", 400),
        ("GET  / HTTP/1.1", 400),
        ("GET / HTTP/1.1 ", 400),
        ("GET /", 400),
        ("G{T / HTTP/1.1", 400),
        ("GET / http/1.1", 400),
        ("GET / HTTP/1.10", 400),
        ("GET / HTTP/2.0", 505),
        ("GET / HTTP/1.7", 200),
        ("GET /# HTTP/1.1", 400),
        ("GET /\u{e9} HTTP/1.1", 400),
        ("GET /%00 HTTP/1.1", 400),
        ("GET a HTTP/1.1", 400),
        ("GET * HTTP/1.1", 400),
        ("OPTIONS * HTTP/1.1", 200),
        ("GET http://a/ HTTP/1.1", 200),
        ("GET http://A:80 HTTP/1.1", 200),
        ("GET https://a:80/ HTTP/1.1", 400),
        ("GET http://b/ HTTP/1.1", 400),
        ("GET http://u@a/ HTTP/1.1", 400),
        ("GET http:///x HTTP/1.1", 400),
        ("CONNECT a HTTP/1.1", 400),
        ("CONNECT /a HTTP/1.1", 400),
    ] {
        assert_eq!(status_of(&format!("{line}\r\nHost: a\r\n\r\n")), expected, "{line}");
    }
    assert_eq!(status_of(&format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", "A".repeat(65))), 501);
}

#[test]
fn there_is_one_host_and_it_is_one() {
    let of = |host: &str| status_of(&format!("GET / HTTP/1.1\r\n{host}\r\n"));
    for host in
        ["Host: a\r\n", "Host:\r\n", "Host: a.b:80\r\n", "Host: [::1]\r\n", "Host: 127.0.0.1:65535\r\n"]
    {
        assert_eq!(of(host), 200, "{host}");
    }
    for host in [
        "",
        "Host: a\r\nHost: a\r\n",
        "Host: a b\r\n",
        "Host: a,b\r\n",
        "Host: a/b\r\n",
        "Host: u@a\r\n",
        "Host: a:\r\n",
        "Host: a:65536\r\n",
        "Host: a:+80\r\n",
        "Host: :80\r\n",
        "Host: [::1\r\n",
        "Host: [a]\r\n",
        "Host: ::1\r\n",
    ] {
        assert_eq!(of(host), 400, "{host}");
    }
    assert_eq!(status_of("GET / HTTP/1.0\r\n\r\n"), 200);
}

#[test]
fn the_connection_field_and_the_version_say_whether_it_stays() {
    let stays = |version: &str, lines: &str| {
        head(&format!("GET / HTTP/{version}\r\nHost: a\r\n{lines}\r\n")).unwrap().keep_alive
    };
    assert!(stays("1.1", ""));
    assert!(stays("1.1", "Connection: closed\r\n"));
    assert!(!stays("1.1", "Connection: a, ,\tCLOSE\r\n"));
    assert!(!stays("1.1", "Connection: keep-alive\r\nConnection: close\r\n"));
    assert!(!stays("1.0", ""));
    assert!(stays("1.0", "Connection: Keep-Alive\r\n"));
    assert!(!stays("1.0", "Connection: keep-alive, close\r\n"));
}

#[test]
fn what_a_client_offers_is_told() {
    let head = |lines: &str| head(&format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n")).unwrap();
    assert!(head("Expect: 100-Continue\r\nContent-Length: 1\r\n").expects_continue);
    assert!(!head("Expect: 100-continue\r\n").expects_continue, "there is no body");
    assert!(head("TE: gzip, trailers\r\n").accepts_trailers);
    assert!(head("Upgrade: x\r\nConnection: Upgrade\r\n").may_upgrade);
    assert!(!head("Upgrade: x\r\n").may_upgrade);
    assert!(!head("Upgrade: x\r\nConnection: Upgrade\r\nContent-Length: 1\r\n").may_upgrade);
}

#[test]
fn what_is_left_of_a_body_is_skipped_and_counted() {
    let mut reader = RequestReader::new(RequestLimits::default());
    reader.receive(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
    assert!(reader.head().unwrap().is_some());
    assert_eq!((reader.body_left(), reader.trailers()), (Some(10), None));
    assert!(reader.head().unwrap().is_none());
    assert_eq!((reader.skipped(), reader.body_left()), (5, Some(5)));
    reader.receive(b"56789GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(reader.head().unwrap().unwrap().request.path, "/next");
    assert_eq!((reader.skipped(), reader.body().unwrap()), (0, BodyPiece::End));
}

#[test]
fn trailers_are_there_behind_the_body_and_limited_with_the_head() {
    let limits = RequestLimits { max_field_count: 3, ..RequestLimits::default() };
    let mut reader = RequestReader::new(limits);
    reader.receive(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n");
    reader.head().unwrap().unwrap();
    assert_eq!(reader.body().unwrap(), BodyPiece::Incomplete);
    assert!(reader.trailers().is_none());
    let mut other = RequestReader::new(limits);
    other.receive(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\nC: d\r\n\r\n",
    );
    other.head().unwrap().unwrap();
    assert_eq!(other.body().unwrap_err().status(), 431);
    reader.receive(b"\r\n");
    assert_eq!(reader.body().unwrap(), BodyPiece::End);
    assert_eq!(reader.trailers().unwrap()["a"], "b");
}

#[test]
fn what_follows_an_upgrade_is_given_out_as_it_is() {
    let mut reader = RequestReader::new(RequestLimits::default());
    reader.receive(b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n\x00\r\n");
    assert!(reader.head().unwrap().unwrap().may_upgrade);
    assert_eq!(reader.take_rest(), &b"\x00\r\n"[..]);
}
