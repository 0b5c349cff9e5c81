//! Messages: frames in their order, bodies as long as they are said to be (RFC 9114 section 4.1).

use crate::{
    MALFORMED, check_closed,
    support::{
        Server,
        raw::{GET, Outcome, POST, code, data, frame, headers, kind, with},
    },
};

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
    crate::support::until(|| server.app.aborted.get() == 1).await;
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
