//! Streams, the control stream and field sections (RFC 9114 sections 6.2 and 7.2, RFC 9204 section 4).

use crate::{
    check_closed,
    support::{
        Raw, Server,
        raw::{GET, Outcome, POST, code, data, frame, headers, kind, section, varint},
    },
};

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
