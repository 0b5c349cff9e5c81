//! What goes out.

use bytes::BytesMut;
use falconry_features::{
    BadHttpRequestError, BodyFraming, ReasonPhrase, ResponseHead,
    http1::{RequestLimits, RequestReader, ResponseWriter},
};
use http::{HeaderMap, HeaderValue, StatusCode, Version};

const EXPECTING: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";

fn writer(is_http11: bool, keep_alive: bool) -> ResponseWriter {
    ResponseWriter::with(if is_http11 { Version::HTTP_11 } else { Version::HTTP_10 }, keep_alive)
}

fn response(status: u16, fields: &[(&'static str, &'static str)]) -> ResponseHead {
    let status = StatusCode::from_u16(status).unwrap();
    let fields = fields.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
    // A date of its own, so that the whole can be compared.
    let date = ("date".parse().unwrap(), HeaderValue::from_static("then"));
    ResponseHead { status, reason: None, headers: fields.chain([date]).collect() }
}

fn text(out: &BytesMut) -> &str {
    std::str::from_utf8(out).unwrap()
}

#[test]
fn a_body_without_a_length_is_chunked() {
    let (mut writer, mut out) = (writer(true, true), BytesMut::new());
    writer.start(&response(200, &[]), BodyFraming::Unknown, &mut out);
    writer.data(b"hello, world!!!!", &mut out);
    writer.data(b"", &mut out);
    assert!(writer.has_started() && !writer.has_ended());
    writer
        .end(Some(&HeaderMap::from_iter([("x".parse().unwrap(), HeaderValue::from_static("y"))])), &mut out);
    assert_eq!(
        text(&out),
        "HTTP/1.1 200 OK\r\ndate: then\r\ntransfer-encoding: chunked\r\n\r\n10\r\nhello, world!!!!\r\n0\r\nx: y\r\n\r\n"
    );
    assert!(writer.has_ended() && writer.keep_alive());
}

#[test]
fn the_end_of_the_connection_ends_what_http_1_0_gets_without_a_length() {
    let (mut writer, mut out) = (writer(false, true), BytesMut::new());
    writer.start(&response(200, &[]), BodyFraming::Unknown, &mut out);
    writer.data(b"hello", &mut out);
    writer.end(Some(&HeaderMap::new()), &mut out);
    assert_eq!(text(&out), "HTTP/1.1 200 OK\r\ndate: then\r\nconnection: close\r\n\r\nhello");
    assert!(!writer.keep_alive());
}

#[test]
fn a_client_of_http_1_0_that_asks_to_stay_is_told_that_it_may() {
    let (mut writer, mut out) = (writer(false, true), BytesMut::new());
    writer.start(&response(204, &[]), BodyFraming::None, &mut out);
    assert_eq!(text(&out), "HTTP/1.1 204 No Content\r\ndate: then\r\nconnection: keep-alive\r\n\r\n");
    assert!(writer.keep_alive());
}

#[test]
fn the_last_response_says_so_once() {
    for (keep_alive, field) in [(true, "close, x"), (false, "keep-alive")] {
        let (mut writer, mut out) = (writer(true, keep_alive), BytesMut::new());
        let head = response(200, &[("connection", field), ("content-length", "0")]);
        writer.start(&head, BodyFraming::Length(0), &mut out);
        assert_eq!(text(&out).matches("connection").count(), 1, "{out:?}");
        assert!(text(&out).contains("connection: close\r\n") && !writer.keep_alive(), "{out:?}");
    }
    let (mut writer, mut out) = (writer(true, true), BytesMut::new());
    writer.close();
    writer.start(&response(200, &[]), BodyFraming::None, &mut out);
    assert!(text(&out).contains("connection: close\r\n") && !writer.keep_alive());
}

#[test]
fn a_switch_keeps_its_fields_and_ends_http() {
    let (mut writer, mut out) = (writer(true, true), BytesMut::new());
    let head = response(101, &[("connection", "Upgrade"), ("upgrade", "x")]);
    writer.start(&head, BodyFraming::None, &mut out);
    let expected =
        "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: x\r\ndate: then\r\n\r\n";
    assert_eq!(text(&out), expected);
    assert!(writer.has_ended() && !writer.keep_alive());
}

#[test]
fn a_response_gets_a_date_and_a_phrase() {
    let (mut writer, mut out) = (writer(true, true), BytesMut::new());
    let reason = Some(ReasonPhrase::new("Tea Time").unwrap());
    let head = ResponseHead { status: StatusCode::IM_A_TEAPOT, reason, headers: HeaderMap::new() };
    writer.start(&head, BodyFraming::None, &mut out);
    assert!(
        text(&out).starts_with("HTTP/1.1 418 Tea Time\r\ndate: ") && text(&out).ends_with(" GMT\r\n\r\n")
    );
}

#[test]
fn a_client_that_waits_is_asked_once_for_its_body() {
    let mut reader = RequestReader::new(RequestLimits::default());
    reader.receive(EXPECTING);
    let mut writer = ResponseWriter::new(&reader.head().unwrap().unwrap());
    assert!(writer.expects_continue());
    assert_eq!(writer.take_continue(), b"HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!((writer.take_continue(), writer.expects_continue()), (&b""[..], false));
}

#[test]
fn http_1_0_gets_no_interim_responses() {
    for (is_http11, expected) in [(true, "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"), (false, "")] {
        let mut out = BytesMut::new();
        let link = HeaderMap::from_iter([("link".parse().unwrap(), HeaderValue::from_static("x"))]);
        writer(is_http11, true).interim(StatusCode::EARLY_HINTS, &link, &mut out);
        assert_eq!(text(&out), expected);
    }
}

#[test]
fn a_refusal_is_a_whole_answer() {
    let mut out = BytesMut::new();
    ResponseWriter::refuse(&BadHttpRequestError::new(StatusCode::URI_TOO_LONG, "secret"), &mut out);
    let (line, fields) = text(&out).split_once("\r\n").unwrap();
    assert_eq!(line, "HTTP/1.1 414 URI Too Long");
    assert!(
        fields.starts_with("content-length: 0\r\nconnection: close\r\ndate: ") && !fields.contains("secret")
    );
}
