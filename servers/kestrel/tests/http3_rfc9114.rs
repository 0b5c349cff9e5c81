//! What RFC 9114 and RFC 9204 demand of a server, frame by frame.
#![cfg(feature = "http3")]

#[path = "support/h3/mod.rs"]
mod support;

use support::{
    Raw, Server,
    raw::{GET, Outcome, POST, code, data, frame, headers, kind, section, varint, with, without},
};

const MALFORMED: Outcome = Outcome::Reset(code::MESSAGE_ERROR);

/// Requests with these fields, each of which must end so without harm to the connection.
async fn check(cases: &[(&str, Vec<(&str, &str)>, Outcome)]) {
    let server = Server::start().await;
    let raw = server.raw().await;
    for (name, fields, expected) in cases {
        assert_eq!(&raw.outcome(&headers(fields)).await, expected, "{name}");
    }
    raw.assert_serves().await;
}

/// Requests each of which must end the connection with a code.
async fn check_closed(cases: &[(&str, Vec<u8>, u64)]) {
    let server = Server::start().await;
    for (name, bytes, code) in cases {
        let raw = server.raw().await;
        assert_eq!(raw.outcome_without_end(bytes).await, Outcome::Closed(*code), "{name}");
    }
    server.raw().await.assert_serves().await;
}

fn plus<'a>(fields: &[(&'a str, &'a str)], name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    [fields, &[(name, value)]].concat()
}

#[tokio::test]
async fn section_4_1_1_cancelled_requests_leave_the_application() {
    let server = Server::start().await;
    let raw = server.raw().await;
    let (mut send, mut receive) = raw.quic.open_bi().await.unwrap();
    send.write_all(&headers(&with(&GET, ":path", "/wait"))).await.unwrap();
    // Its head is there: the application runs.
    receive.read_chunk(1000, true).await.unwrap().unwrap();
    send.reset(0x10c_u32.into()).unwrap();
    receive.stop(0x10c_u32.into()).unwrap();
    support::until(|| server.app.aborted.get() == 1).await;
    raw.assert_serves().await;
}

#[tokio::test]
async fn section_4_1_frames_in_a_wrong_order() {
    let get = headers(&GET);
    let post = headers(&POST);
    let unexpected = code::FRAME_UNEXPECTED;
    check_closed(&[
        ("DATA first", data(b"x"), unexpected),
        ("DATA after trailers", [&post[..], &headers(&[("a", "b")]), &data(b"x")].concat(), unexpected),
        (
            "HEADERS after trailers",
            [&post[..], &headers(&[("a", "b")]), &headers(&[("a", "b")])].concat(),
            unexpected,
        ),
        ("SETTINGS (7.2.4)", [&get[..], &frame(kind::SETTINGS, &[])].concat(), unexpected),
        ("SETTINGS first (7.2.4)", frame(kind::SETTINGS, &[]), unexpected),
        ("GOAWAY (7.2.6)", [&get[..], &frame(kind::GOAWAY, &[0])].concat(), unexpected),
        ("MAX_PUSH_ID (7.2.7)", [&get[..], &frame(kind::MAX_PUSH_ID, &[0])].concat(), unexpected),
        ("CANCEL_PUSH (7.2.3)", [&get[..], &frame(kind::CANCEL_PUSH, &[0])].concat(), unexpected),
        ("PUSH_PROMISE (7.2.5)", [&get[..], &frame(kind::PUSH_PROMISE, &[0])].concat(), unexpected),
        ("PRIORITY of HTTP/2 (7.2.8)", [&get[..], &frame(0x2, &[0])].concat(), unexpected),
        ("PING of HTTP/2 (7.2.8)", frame(0x6, &[0]), unexpected),
        ("WINDOW_UPDATE of HTTP/2 (7.2.8)", frame(0x8, &[0]), unexpected),
        ("CONTINUATION of HTTP/2 (7.2.8)", [&get[..], &frame(0x9, &[0])].concat(), unexpected),
    ])
    .await;
}

#[tokio::test]
async fn section_4_1_streams_that_end_too_early() {
    let server = Server::start().await;
    let raw = server.raw().await;
    assert_eq!(raw.outcome(&[]).await, Outcome::Reset(code::REQUEST_INCOMPLETE), "nothing");
    let unknown = frame(kind::GREASE, b"x");
    assert_eq!(raw.outcome(&unknown).await, Outcome::Reset(code::REQUEST_INCOMPLETE), "no HEADERS");
    raw.assert_serves().await;
    // Section 7.1: a frame that is cut off.
    let cut = headers(&GET);
    for bytes in [&cut[..cut.len() - 1], &cut[..1], &[&headers(&POST)[..], &[0, 5, b'x']].concat()] {
        let raw = server.raw().await;
        assert_eq!(raw.outcome(bytes).await, Outcome::Closed(code::FRAME_ERROR), "{bytes:?}");
    }
}

#[tokio::test]
async fn section_4_1_and_9_unknown_frames_are_ignored() {
    let server = Server::start().await;
    let raw = server.raw().await;
    let unknown = frame(kind::GREASE, &[7; 300]);
    let large = frame(0x1f * 1_000_000 + 0x21, b"");
    let request =
        [&unknown[..], &headers(&POST), &large, &data(b"ab"), &unknown, &data(b""), &data(b"c"), &large]
            .concat();
    assert_eq!(raw.outcome(&request).await, Outcome::Status(200));
    let trailers =
        [&headers(&POST)[..], &data(b"ab"), &unknown, &headers(&[("x-a", "b")]), &unknown].concat();
    assert_eq!(raw.outcome(&trailers).await, Outcome::Status(200));
}

#[tokio::test]
async fn section_4_1_2_content_length_and_body() {
    let server = Server::start().await;
    let raw = server.raw().await;
    let post = headers(&with(&POST, "content-length", "3"));
    let trailers = headers(&[("x-a", "b")]);
    for (name, bytes, expected) in [
        ("as long", [&post[..], &data(b"ab"), &data(b"c")].concat(), Outcome::Status(200)),
        ("as long, with trailers", [&post[..], &data(b"abc"), &trailers].concat(), Outcome::Status(200)),
        ("shorter", [&post[..], &data(b"ab")].concat(), MALFORMED),
        ("shorter, with trailers", [&post[..], &data(b"ab"), &trailers].concat(), MALFORMED),
        ("longer", [&post[..], &data(b"abcd")].concat(), MALFORMED),
        ("longer in two", [&post[..], &data(b"abc"), &data(b"d")].concat(), MALFORMED),
        ("nothing", post.clone(), MALFORMED),
        (
            "0 and something",
            [&headers(&with(&POST, "content-length", "0"))[..], &data(b"a")].concat(),
            MALFORMED,
        ),
    ] {
        assert_eq!(raw.outcome(&bytes).await, expected, "{name}");
    }
    raw.assert_serves().await;
}

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

#[tokio::test]
async fn section_6_2_streams_of_clients() {
    let server = Server::start().await;
    // Unknown ones are not read, and may end before they say what they are.
    let raw = server.raw().await;
    let unknown = raw.uni(0x21, b"whatever").await;
    assert_eq!(unknown.stopped().await.unwrap().unwrap().into_inner(), code::STREAM_CREATION_ERROR);
    raw.quic.open_uni().await.unwrap().finish().unwrap();
    raw.assert_serves().await;
    for (name, kind) in [("a second control stream (6.2.1)", 0), ("a push (6.2.2)", 1)] {
        let raw = server.raw().await;
        let _stream = raw.uni(kind, &[]).await;
        assert_eq!(raw.closed().await, code::STREAM_CREATION_ERROR, "{name}");
    }
    for kind in [2, 3] {
        let raw = server.raw().await;
        let _first = raw.uni(kind, &[]).await;
        let _second = raw.uni(kind, &[]).await;
        assert_eq!(raw.closed().await, code::STREAM_CREATION_ERROR, "RFC 9204 section 4.2: {kind} twice");
    }
}

#[tokio::test]
async fn section_6_2_1_critical_streams_must_not_end() {
    let server = Server::start().await;
    let mut raw = server.raw().await;
    raw.control.finish().unwrap();
    assert_eq!(raw.closed().await, code::CLOSED_CRITICAL_STREAM, "the control stream ends");
    let mut raw = server.raw().await;
    raw.control.reset(0_u32.into()).unwrap();
    // A reset may overtake the type of the stream: then nobody knows which one it was.
    let _ = raw.quic.open_bi().await;
    for kind in [2, 3] {
        let raw = server.raw().await;
        raw.uni(kind, &[]).await.finish().unwrap();
        assert_eq!(raw.closed().await, code::CLOSED_CRITICAL_STREAM, "RFC 9204 section 4.2: {kind}");
    }
}

#[tokio::test]
async fn section_7_2_frames_of_the_control_stream() {
    let server = Server::start().await;
    let settings = frame(kind::SETTINGS, &[]);
    let after = |kind, payload: &[u8]| [settings.clone(), frame(kind, payload)].concat();
    for (name, bytes, code) in [
        ("SETTINGS do not come first (6.2.1)", frame(kind::MAX_PUSH_ID, &[0]), code::MISSING_SETTINGS),
        ("an unknown frame comes first (6.2.1)", frame(kind::GREASE, &[]), code::MISSING_SETTINGS),
        ("DATA first (6.2.1)", data(b"x"), code::MISSING_SETTINGS),
        ("SETTINGS twice (7.2.4)", after(kind::SETTINGS, &[]), code::FRAME_UNEXPECTED),
        ("DATA (7.2.1)", after(kind::DATA, b"x"), code::FRAME_UNEXPECTED),
        ("HEADERS (7.2.2)", after(kind::HEADERS, &section(&GET)), code::FRAME_UNEXPECTED),
        ("PUSH_PROMISE (7.2.5)", after(kind::PUSH_PROMISE, &[0, 0, 0]), code::FRAME_UNEXPECTED),
        ("PING of HTTP/2 (7.2.8)", after(0x6, &[]), code::FRAME_UNEXPECTED),
        ("CANCEL_PUSH of no push (7.2.3)", after(kind::CANCEL_PUSH, &[0]), code::ID_ERROR),
        ("CANCEL_PUSH without a number (7.1)", after(kind::CANCEL_PUSH, &[]), code::FRAME_ERROR),
        ("GOAWAY that is too long (7.1)", after(kind::GOAWAY, &[0, 0]), code::FRAME_ERROR),
        ("MAX_PUSH_ID that is cut off (7.1)", after(kind::MAX_PUSH_ID, &[0x40]), code::FRAME_ERROR),
        (
            "MAX_PUSH_ID that becomes smaller (7.2.7)",
            [after(kind::MAX_PUSH_ID, &[5]), frame(kind::MAX_PUSH_ID, &[4])].concat(),
            code::ID_ERROR,
        ),
        (
            "GOAWAY that becomes larger (5.2)",
            [after(kind::GOAWAY, &[4]), frame(kind::GOAWAY, &[8])].concat(),
            code::ID_ERROR,
        ),
        ("a setting twice (7.2.4)", frame(kind::SETTINGS, &[6, 1, 6, 2]), code::SETTINGS_ERROR),
        ("a setting of HTTP/2 (7.2.4.1)", frame(kind::SETTINGS, &[2, 0]), code::SETTINGS_ERROR),
        ("another (7.2.4.1)", frame(kind::SETTINGS, &[5, 0]), code::SETTINGS_ERROR),
        ("ENABLE_CONNECT_PROTOCOL of 2 (RFC 8441)", frame(kind::SETTINGS, &[8, 2]), code::SETTINGS_ERROR),
        ("a setting without a value (7.1)", frame(kind::SETTINGS, &[6]), code::FRAME_ERROR),
        ("endless SETTINGS", [varint(kind::SETTINGS), varint(1 << 40)].concat(), code::EXCESSIVE_LOAD),
    ] {
        let raw = Raw::with_control(server.quic().await, &bytes).await;
        assert_eq!(raw.closed().await, code, "{name}");
    }
}

#[tokio::test]
async fn section_7_2_what_the_control_stream_may_carry() {
    let server = Server::start().await;
    let frames = [
        frame(kind::SETTINGS, &[1, 0, 6, 0x40, 0xff, 7, 0, 0x21, 5]),
        frame(kind::GREASE, &[1; 5000]),
        frame(kind::MAX_PUSH_ID, &[4]),
        frame(kind::MAX_PUSH_ID, &[4]),
    ]
    .concat();
    let raw = Raw::with_control(server.quic().await, &frames).await;
    let _encoder = raw.uni(2, &[0x20]).await;
    let _decoder = raw.uni(3, &[0x40, 0x7f, 0x01]).await;
    raw.assert_serves().await;
}

#[tokio::test]
async fn rfc_9204_section_4_streams_of_qpack() {
    let server = Server::start().await;
    for (name, kind, bytes, code) in [
        ("a capacity over the limit (4.3.1)", 2, &[0x21][..], code::ENCODER_STREAM_ERROR),
        ("an insertion (4.3.2)", 2, &[0xc0, 0], code::ENCODER_STREAM_ERROR),
        ("a literal insertion (4.3.3)", 2, &[0x41, b'a', 0], code::ENCODER_STREAM_ERROR),
        ("a duplicate (4.3.4)", 2, &[0x00], code::ENCODER_STREAM_ERROR),
        ("an acknowledgement of nothing (4.4.1)", 3, &[0x80], code::DECODER_STREAM_ERROR),
        ("an increment of 0 (4.4.3)", 3, &[0x00], code::DECODER_STREAM_ERROR),
        ("an increment over what was sent (4.4.3)", 3, &[0x01], code::DECODER_STREAM_ERROR),
    ] {
        let raw = server.raw().await;
        let _stream = raw.uni(kind, bytes).await;
        assert_eq!(raw.closed().await, code, "{name}");
    }
}

#[tokio::test]
async fn rfc_9204_section_4_5_field_sections() {
    let section = |bytes: &[u8]| frame(kind::HEADERS, bytes);
    let failed = code::DECOMPRESSION_FAILED;
    check_closed(&[
        ("nothing", section(&[]), failed),
        ("a required insert count (4.5.1.1)", section(&[1, 0, 0xd1]), failed),
        ("a base below 0 (4.5.1.2)", section(&[0, 0x80, 0xd1]), failed),
        ("an entry of the dynamic table (4.5.2)", section(&[0, 0, 0x80]), failed),
        ("behind the static table (3.1)", section(&[0, 0, 0xff, 36]), failed),
        ("an entry behind the base (4.5.3)", section(&[0, 0, 0x10]), failed),
        ("a name of the dynamic table (4.5.4)", section(&[0, 0, 0x40, 0]), failed),
        ("a name behind the base (4.5.5)", section(&[0, 0, 0x00, 0]), failed),
        ("a string that is cut off", section(&[0, 0, 0x51, 5, b'/']), failed),
        (
            "a string of Huffman's code with the end in it",
            section(&[0, 0, 0x51, 0x84, 255, 255, 255, 255]),
            failed,
        ),
        ("an integer without end", section(&[&[0, 0, 0xff][..], &[0xff; 12]].concat()), failed),
        ("in trailers", [headers(&POST), section(&[0, 0, 0x80])].concat(), failed),
    ])
    .await;
}

#[tokio::test]
async fn rfc_9204_section_4_5_all_forms_of_fields_are_read() {
    let server = Server::start().await;
    let raw = server.raw().await;
    // :method GET, :scheme https, :path / of the table; :authority with a name of the table, in Huffman's code;
    // a literal name in Huffman's code.
    let request = [
        0, 0, 0xd1, 0xd7, 0xc1, 0x50, 0x85, 0x1a, 0x5e, 0x49, 0xd0, 0x9f, 0x2f, 0x01, 0x25, 0xa8, 0x49, 0xe9,
        0x5b, 0xa9, 0x7d, 0x7f, 0x01, b'x',
    ];
    assert_eq!(raw.outcome(&frame(kind::HEADERS, &request)).await, Outcome::Status(200));
}
