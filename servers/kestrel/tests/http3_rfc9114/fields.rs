//! Fields, pseudo fields and CONNECT (RFC 9114 sections 4.2 to 4.4).

use crate::{
    MALFORMED, check, check_closed, plus,
    support::{
        Server,
        raw::{GET, Outcome, POST, code, data, headers, kind, varint, with, without},
    },
};

#[tokio::test]
async fn section_4_2_names_and_values() {
    let get = |name, value| plus(&GET, name, value);
    check(&[
        ("upper case", get("X-A", "b"), MALFORMED),
        ("upper case inside", get("x-A", "b"), MALFORMED),
        ("an empty name", get("", "b"), MALFORMED),
        ("a space in a name", get("x a", "b"), MALFORMED),
        ("a colon in a name", get("x:a", "b"), MALFORMED),
        ("a control character in a name", get("x\u{1}", "b"), MALFORMED),
        ("NUL in a value", get("x-a", "\0"), MALFORMED),
        ("CR in a value (10.3)", get("x-a", "a\rb"), MALFORMED),
        ("LF in a value (10.3)", get("x-a", "a\nb"), MALFORMED),
        ("DEL in a value", get("x-a", "a\u{7f}b"), MALFORMED),
        ("a space before a value", get("x-a", " b"), MALFORMED),
        ("a tab behind a value", get("x-a", "b\t"), MALFORMED),
        ("a tab inside", get("x-a", "a\tb"), Outcome::Status(200)),
        ("an empty value", get("x-a", ""), Outcome::Status(200)),
        ("octets over 127", get("x-a", "\u{e9}"), Outcome::Status(200)),
    ])
    .await;
}

#[tokio::test]
async fn section_4_2_fields_of_connections() {
    let get = |name, value| plus(&GET, name, value);
    check(&[
        ("connection", get("connection", "close"), MALFORMED),
        ("keep-alive", get("keep-alive", "1"), MALFORMED),
        ("proxy-connection", get("proxy-connection", "close"), MALFORMED),
        ("transfer-encoding", get("transfer-encoding", "chunked"), MALFORMED),
        ("upgrade", get("upgrade", "x"), MALFORMED),
        ("te: gzip", get("te", "gzip"), MALFORMED),
        ("te: trailers, gzip", get("te", "trailers, gzip"), MALFORMED),
        ("te: trailers", get("te", "trailers"), Outcome::Status(200)),
    ])
    .await;
}

#[tokio::test]
async fn section_4_2_2_field_sections_have_a_limit() {
    let server = Server::start().await;
    let raw = server.raw().await;
    let value = "x".repeat(30_000);
    let more = "y".repeat(2_500);
    let within = plus(&GET, "x-a", &value);
    assert_eq!(raw.outcome(&headers(&within)).await, Outcome::Status(200));
    // Over 32,768 with what counts for each field, though not as it is sent.
    let many: Vec<_> = (0..1000).map(|_| ("x", "y")).collect();
    let over = [&GET[..], &many].concat();
    assert_eq!(raw.outcome(&headers(&over)).await, Outcome::Status(431));
    let large = plus(&within, "x-b", &more);
    let large = plus(&large, "x-c", &more);
    assert_eq!(raw.outcome(&headers(&large)).await, Outcome::Reset(code::REQUEST_REJECTED));
    let endless = [varint(kind::HEADERS), varint(1 << 60)].concat();
    assert_eq!(raw.outcome_without_end(&endless).await, Outcome::Reset(code::REQUEST_REJECTED));
    let trailers = [headers(&POST), headers(&[("x-a", &"x".repeat(40_000))])].concat();
    assert_eq!(raw.outcome(&trailers).await, Outcome::Reset(code::EXCESSIVE_LOAD));
    // More than 100 fields.
    let many: Vec<_> = (0..101).map(|_| ("x", "y")).collect();
    assert_eq!(raw.outcome(&headers(&[&GET[..], &many].concat())).await, Outcome::Status(431));
    let path = format!("/{}", "x".repeat(8_192));
    assert_eq!(raw.outcome(&headers(&with(&GET, ":path", &path))).await, Outcome::Status(414));
    raw.assert_serves().await;
}

#[tokio::test]
async fn section_4_3_pseudo_fields() {
    let late = [&GET[..3], &[("x-a", "b")], &GET[3..]].concat();
    check(&[
        (":status in a request", plus(&GET, ":status", "200"), MALFORMED),
        ("an unknown one", plus(&GET, ":unknown", "x"), MALFORMED),
        ("an empty one", plus(&GET, ":", "x"), MALFORMED),
        ("in upper case", plus(&without(&GET, ":path"), ":Path", "/"), MALFORMED),
        (":method twice", plus(&GET, ":method", "GET"), MALFORMED),
        (":scheme twice", plus(&GET, ":scheme", "https"), MALFORMED),
        (":authority twice", plus(&GET, ":authority", "a.test"), MALFORMED),
        (":path twice", plus(&GET, ":path", "/"), MALFORMED),
        ("late", late, MALFORMED),
    ])
    .await;
}

#[tokio::test]
async fn section_4_3_pseudo_fields_in_trailers() {
    let server = Server::start().await;
    let raw = server.raw().await;
    for (name, trailers) in [
        (":path", vec![(":path", "/")]),
        (":status", vec![(":status", "200")]),
        ("after others", vec![("x-a", "b"), (":method", "GET")]),
        ("connection", vec![("connection", "close")]),
        ("upper case", vec![("X-A", "b")]),
    ] {
        let request = [headers(&POST), data(b"ab"), headers(&trailers)].concat();
        assert_eq!(raw.outcome(&request).await, MALFORMED, "{name}");
    }
    raw.assert_serves().await;
}

#[tokio::test]
async fn section_4_3_1_the_target_of_a_request() {
    check(&[
        ("no :method", without(&GET, ":method"), MALFORMED),
        ("no :scheme", without(&GET, ":scheme"), MALFORMED),
        ("no :path", without(&GET, ":path"), MALFORMED),
        ("no :authority and no Host", without(&GET, ":authority"), MALFORMED),
        ("Host alone", plus(&without(&GET, ":authority"), "host", "a.test"), Outcome::Status(200)),
        ("an empty :authority", with(&GET, ":authority", ""), MALFORMED),
        ("an empty Host", plus(&without(&GET, ":authority"), "host", ""), MALFORMED),
        ("a user in :authority", with(&GET, ":authority", "u@a.test"), MALFORMED),
        (":authority and the same Host", plus(&GET, "host", "a.test"), Outcome::Status(200)),
        (":authority and another Host", plus(&GET, "host", "b.test"), MALFORMED),
        ("two Hosts", plus(&plus(&GET, "host", "a.test"), "host", "a.test"), MALFORMED),
        ("an empty :path", with(&GET, ":path", ""), MALFORMED),
        ("a :path that is none", with(&GET, ":path", "x"), MALFORMED),
        (":path * for GET", with(&GET, ":path", "*"), MALFORMED),
        (":path * for OPTIONS", with(&with(&GET, ":path", "*"), ":method", "OPTIONS"), Outcome::Status(404)),
        ("an empty :method", with(&GET, ":method", ""), MALFORMED),
        ("a :method that is none", with(&GET, ":method", "G T"), MALFORMED),
        ("another scheme", with(&GET, ":scheme", "http"), MALFORMED),
        ("an empty scheme", with(&GET, ":scheme", ""), MALFORMED),
        ("a fragment of NUL", with(&GET, ":path", "/%00"), MALFORMED),
        ("two lengths", plus(&plus(&GET, "content-length", "0"), "content-length", "0"), MALFORMED),
        ("a length that is none", plus(&GET, "content-length", "1x"), MALFORMED),
        ("a negative length", plus(&GET, "content-length", "-1"), MALFORMED),
        ("an endless length", plus(&GET, "content-length", "99999999999999999999"), MALFORMED),
    ])
    .await;
}

#[tokio::test]
async fn section_4_4_connect() {
    let connect = [(":method", "CONNECT"), (":authority", "a.test:80")];
    check(&[
        ("with :path", plus(&connect, ":path", "/"), MALFORMED),
        ("with :scheme", plus(&connect, ":scheme", "https"), MALFORMED),
        ("without :authority", vec![(":method", "CONNECT")], MALFORMED),
        ("without a port", with(&connect, ":authority", "a.test"), MALFORMED),
        ("to nobody", connect.to_vec(), Outcome::Status(404)),
        (":protocol of GET (RFC 8441 section 4)", plus(&GET, ":protocol", "websocket"), MALFORMED),
        (":protocol without :path", plus(&connect, ":protocol", "websocket"), MALFORMED),
        (
            ":protocol that is none",
            plus(&with(&GET, ":method", "CONNECT"), ":protocol", "web socket"),
            MALFORMED,
        ),
        (
            ":protocol twice",
            plus(&plus(&with(&GET, ":method", "CONNECT"), ":protocol", "websocket"), ":protocol", "x"),
            MALFORMED,
        ),
    ])
    .await;
    check_closed(&[(
        "HEADERS in a tunnel",
        [headers(&connect), headers(&[("x-a", "b")])].concat(),
        code::FRAME_UNEXPECTED,
    )])
    .await;
}
