//! One rule, one test: what a head says, and the body behind it.

use std::sync::LazyLock;

use bytes::Bytes;
use falconry_features::{ReasonPhrase, ResponseHead};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{super::write_buffer::WriteBuffer, Framing, Stamp, encode_head};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

static STAMP: LazyLock<Stamp> = LazyLock::new(|| Stamp::new(&HeaderValue::from_static(DATE)));

static PLAIN: LazyLock<Framing<'static>> = LazyLock::new(|| Framing {
    is_http10: false,
    is_head: false,
    is_connect: false,
    closes: false,
    length: Some(2),
    stamp: &STAMP,
    adds_server: true,
    alt_svc: None,
});

static STREAMING: LazyLock<Framing<'static>> = LazyLock::new(|| Framing { length: None, ..*PLAIN });

fn head(status: u16, fields: &[(&'static str, &'static str)]) -> ResponseHead {
    let mut head = ResponseHead { status: StatusCode::from_u16(status).unwrap(), ..ResponseHead::default() };
    for (name, value) in fields {
        head.headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    head
}

/// A head with the body `hi`, and whether the connection closes.
fn answer(head: &ResponseHead, framing: Framing<'_>) -> (String, bool) {
    answer_with(head, framing, None)
}

fn answer_with(head: &ResponseHead, framing: Framing<'_>, trailers: Option<&HeaderMap>) -> (String, bool) {
    let (mut out, mut text) = (WriteBuffer::default(), Vec::new());
    let mut answered = encode_head(&mut text, head, &framing);
    answered.body.data(&mut out, Bytes::from_static(b"hi"));
    answered.body.end(&mut out, trailers);
    out.write(|body| text.extend_from_slice(body));
    (String::from_utf8(text).unwrap(), answered.closes)
}

#[test]
fn a_whole_body_has_a_length() {
    let expected = "HTTP/1.1 200 OK\r\na: b\r\ncontent-length: 2\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nserver: Kestrel\r\n\r\nhi";
    assert_eq!(answer(&head(200, &[("a", "b")]), *PLAIN), (expected.to_owned(), false));
}

#[test]
fn a_body_of_unknown_length_is_chunked() {
    let expected = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nserver: Kestrel\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    assert_eq!(answer(&head(200, &[]), *STREAMING), (expected.to_owned(), false));
    let (text, _) = answer(&head(200, &[("transfer-encoding", "chunked")]), *PLAIN);
    assert_eq!(text.matches("chunked").count(), 1, "{text}");
    assert!(text.ends_with("\r\n2\r\nhi\r\n0\r\n\r\n") && !text.contains("content-length"), "{text}");
}

#[test]
fn a_declared_length_is_kept_and_said_once() {
    let (text, closes) = answer(&head(200, &[("content-length", "02")]), *STREAMING);
    assert!(text.contains("\r\ncontent-length: 2\r\n") && text.ends_with("\r\n\r\nhi"), "{text}");
    assert!(!closes && !text.contains("chunked"));
}

#[test]
fn a_client_of_http_1_0_sees_the_end_of_the_connection_as_that_of_the_body() {
    let framing = Framing { is_http10: true, ..*STREAMING };
    let (text, closes) = answer(&head(200, &[("transfer-encoding", "chunked"), ("trailer", "a")]), framing);
    let expected = "HTTP/1.1 200 OK\r\nconnection: close\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nserver: Kestrel\r\n\r\nhi";
    assert_eq!((text.as_str(), closes), (expected, true));
}

#[test]
fn a_client_of_http_1_0_is_told_that_its_connection_is_kept() {
    let framing = Framing { is_http10: true, ..*PLAIN };
    let (text, closes) = answer(&head(200, &[]), framing);
    assert!(text.contains("\r\nconnection: keep-alive\r\n") && !closes, "{text}");
}

#[test]
fn the_answer_to_head_and_a_304_have_no_body_but_may_say_how_long_it_would_be() {
    let framing = Framing { is_head: true, length: Some(0), ..*PLAIN };
    let (text, _) = answer(&head(200, &[("content-length", "7")]), framing);
    assert!(text.contains("\r\ncontent-length: 7\r\n") && text.ends_with("\r\n\r\n"), "{text}");
    let (text, _) = answer(&head(200, &[]), framing);
    assert!(!text.contains("content-length") && text.ends_with("\r\n\r\n"), "{text}");
    let (text, _) = answer(&head(304, &[("content-length", "7")]), *STREAMING);
    assert!(text.contains("\r\ncontent-length: 7\r\n") && text.ends_with("\r\n\r\n"), "{text}");
    let (text, closes) = answer(&head(200, &[]), Framing { is_head: true, ..*STREAMING });
    assert!(!text.contains("chunked") && text.ends_with("\r\n\r\n") && !closes, "{text}");
}

#[test]
fn a_204_an_interim_status_and_an_accepted_connect_have_no_framing() {
    let connect = Framing { is_connect: true, ..*PLAIN };
    for (status, framing) in [(204, *PLAIN), (101, *PLAIN), (200, connect), (204, *STREAMING), (200, connect)]
    {
        let (text, closes) = answer(&head(status, &[("content-length", "0")]), framing);
        assert!(!text.contains("content-length") && !text.contains("chunked"), "{text}");
        assert!(text.ends_with("\r\n\r\n") && !closes, "{text}");
    }
    assert!(answer(&head(404, &[]), connect).0.ends_with("\r\n\r\nhi"));
}

#[test]
fn a_205_says_that_it_is_empty() {
    let (text, _) = answer(&head(205, &[]), Framing { length: Some(0), ..*PLAIN });
    assert!(text.contains("\r\ncontent-length: 0\r\n"), "{text}");
}

#[test]
fn the_end_of_the_connection_is_said_by_either_side() {
    let (text, closes) = answer(&head(200, &[("connection", "x")]), Framing { closes: true, ..*PLAIN });
    assert_eq!(text.matches("connection").count(), 1);
    assert!(text.contains("\r\nconnection: close\r\n") && closes, "{text}");
    let (text, closes) = answer(&head(200, &[("connection", "x, Close")]), *PLAIN);
    assert!(text.contains("\r\nconnection: x, Close\r\n") && closes, "{text}");
}

#[test]
fn what_the_application_says_is_not_said_again() {
    let fields = [("date", "then"), ("server", "mine"), ("alt-svc", "clear")];
    let alt_svc = HeaderValue::from_static("h3");
    let framing = Framing { alt_svc: Some(&alt_svc), ..*PLAIN };
    let (text, _) = answer(&head(200, &fields), framing);
    assert!(!text.contains(DATE) && !text.contains("Kestrel") && !text.contains("h3"), "{text}");
    let (text, _) = answer(&head(200, &[]), Framing { adds_server: false, ..framing });
    assert!(text.contains("\r\nalt-svc: h3\r\n") && !text.contains("server"), "{text}");
}

#[test]
fn a_reason_phrase_stands_after_the_status() {
    assert!(answer(&head(404, &[]), *PLAIN).0.starts_with("HTTP/1.1 404 Not Found\r\n"));
    assert!(answer(&head(299, &[]), *PLAIN).0.starts_with("HTTP/1.1 299 \r\n"));
    let mut head = head(200, &[]);
    head.reason = Some(ReasonPhrase::new("Fine").unwrap());
    assert!(answer(&head, *PLAIN).0.starts_with("HTTP/1.1 200 Fine\r\n"));
}

#[test]
fn trailers_follow_the_last_chunk_announced_or_not_unless_they_are_for_the_head() {
    let trailers: HeaderMap = [("x-sum", "1"), ("x-other", "2"), ("content-length", "3")]
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect();
    let (text, _) =
        answer_with(&head(200, &[("trailer", "X-Sum, content-length")]), *STREAMING, Some(&trailers));
    assert!(text.ends_with("\r\n2\r\nhi\r\n0\r\nx-sum: 1\r\nx-other: 2\r\n\r\n"), "{text}");
    let (text, _) = answer_with(&head(200, &[]), *STREAMING, Some(&trailers));
    assert!(text.ends_with("\r\n2\r\nhi\r\n0\r\nx-sum: 1\r\nx-other: 2\r\n\r\n"), "{text}");
}
