//! Sessions of WebTransport, frame by frame.
#![cfg(all(feature = "http3", feature = "unstable"))]

#[path = "support/h3/mod.rs"]
mod support;

use quinn::{ReadError, ReadToEndError, RecvStream, SendStream, WriteError};
use support::{
    Raw, Server,
    raw::{Outcome, code, data, frame, headers, kind, varint, with},
    until,
};

const CONNECT: [(&str, &str); 5] = [
    (":method", "CONNECT"),
    (":protocol", "webtransport"),
    (":scheme", "https"),
    (":authority", "a.test"),
    (":path", "/session"),
];

const BIDI: u64 = 0x41;
const UNI: u64 = 0x54;

const BUFFERED_STREAM_REJECTED: u64 = 0x3994_bd84;
const SESSION_GONE: u64 = 0x170d_7b68;

/// Asks for sessions.
fn settings() -> Vec<u8> {
    let settings = [varint(0x2b60_3742), varint(1), varint(0x33), varint(1)].concat();
    frame(kind::SETTINGS, &settings)
}

async fn client(server: &Server) -> Raw {
    Raw::with_control(server.quic().await, &settings()).await
}

/// A session whose greeting has been read.
struct Session {
    id: u64,
    send: SendStream,
    receive: RecvStream,
}

async fn session(raw: &Raw) -> Session {
    let (mut send, mut receive) = raw.quic.open_bi().await.unwrap();
    send.write_all(&headers(&CONNECT)).await.unwrap();
    let id = quinn::VarInt::from(send.id()).into_inner();
    let mut kind = [0];
    receive.read_exact(&mut kind).await.unwrap();
    assert_eq!(u64::from(kind[0]), kind::HEADERS);
    assert_eq!(said(raw, id).await, format!("session {id}"));
    Session { id, send, receive }
}

/// What the server says on the next stream that it opens for a session.
async fn said(raw: &Raw, session: u64) -> String {
    let head = [varint(UNI), varint(session)].concat();
    loop {
        let mut stream = raw.quic.accept_uni().await.unwrap();
        let mut first = [0];
        stream.read_exact(&mut first).await.unwrap();
        // The control stream, and those of QPACK, are there as well.
        if first[0] != head[0] {
            tokio::spawn(async move { stream.read_to_end(usize::MAX).await });
            continue;
        }
        let rest = stream.read_to_end(1000).await.unwrap();
        assert!(rest.starts_with(&head[1..]), "{rest:?}");
        return String::from_utf8(rest[head.len() - 1..].to_vec()).unwrap();
    }
}

/// A stream of both directions for a session.
async fn bidi(raw: &Raw, session: u64, text: &[u8]) -> (SendStream, RecvStream) {
    let (mut send, receive) = raw.quic.open_bi().await.unwrap();
    send.write_all(&[varint(BIDI), varint(session), text.to_vec()].concat()).await.unwrap();
    (send, receive)
}

async fn answer(raw: &Raw, session: u64, text: &[u8]) -> String {
    let (mut send, mut receive) = bidi(raw, session, text).await;
    send.finish().unwrap();
    String::from_utf8(receive.read_to_end(1_000_000).await.unwrap()).unwrap()
}

fn reset_of(result: Result<Vec<u8>, ReadToEndError>) -> u64 {
    match result {
        Err(ReadToEndError::Read(ReadError::Reset(code))) => code.into_inner(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_session_has_streams_of_both_kinds_and_other_requests_beside_it() {
    let server = Server::start().await;
    let raw = client(&server).await;
    let session = session(&raw).await;
    assert_eq!(answer(&raw, session.id, b"hello").await, "HELLO");
    let long = "x".repeat(300_000);
    assert_eq!(answer(&raw, session.id, long.as_bytes()).await, long.to_ascii_uppercase());
    raw.assert_serves().await;
    let mut one_way = raw.quic.open_uni().await.unwrap();
    one_way.write_all(&[varint(UNI), varint(session.id), b"one way".to_vec()].concat()).await.unwrap();
    one_way.finish().unwrap();
    assert_eq!(said(&raw, session.id).await, "ONE WAY");
}

#[tokio::test]
async fn the_first_bytes_of_streams_may_come_one_by_one() {
    let server = Server::start().await;
    let raw = client(&server).await;
    let session = session(&raw).await;
    // The longest way to write a number takes eight bytes.
    let number = |value: u64| (0xc000_0000_0000_0000 | value).to_be_bytes();
    let (mut bidi, mut receive) = raw.quic.open_bi().await.unwrap();
    for byte in [number(BIDI), number(session.id), *b"in bytes"].concat() {
        bidi.write_all(&[byte]).await.unwrap();
        raw.assert_serves().await;
    }
    bidi.finish().unwrap();
    assert_eq!(receive.read_to_end(100).await.unwrap(), b"IN BYTES");
    let mut uni = raw.quic.open_uni().await.unwrap();
    for byte in [number(UNI), number(session.id), *b"in bytes"].concat() {
        uni.write_all(&[byte]).await.unwrap();
        raw.assert_serves().await;
    }
    uni.finish().unwrap();
    assert_eq!(said(&raw, session.id).await, "IN BYTES");
}

#[tokio::test]
async fn streams_that_come_ahead_of_their_session_wait_for_it() {
    let server = Server::start().await;
    let raw = client(&server).await;
    // The number of the stream after the next, which is that of the session.
    let (mut send, mut receive) = bidi(&raw, 4, b"early").await;
    send.finish().unwrap();
    let session = session(&raw).await;
    assert_eq!(session.id, 4);
    assert_eq!(receive.read_to_end(100).await.unwrap(), b"EARLY");
}

#[tokio::test]
async fn too_many_streams_ahead_of_their_sessions_are_rejected() {
    let server = Server::start().await;
    let raw = client(&server).await;
    let mut streams = Vec::new();
    for _ in 0..17 {
        streams.push(bidi(&raw, 4000, b"early").await);
    }
    // Whichever came first.
    let rejected = std::future::poll_fn(|cx| {
        let mut buffer = [0; 10];
        for (_, receive) in &mut streams {
            if let std::task::Poll::Ready(result) = receive.poll_read(cx, &mut buffer) {
                return std::task::Poll::Ready(result);
            }
        }
        std::task::Poll::Pending
    });
    let Err(ReadError::Reset(code)) = rejected.await else { panic!("it was not rejected") };
    assert_eq!(code.into_inner(), BUFFERED_STREAM_REJECTED);
    raw.assert_serves().await;
}

#[tokio::test]
async fn a_session_that_the_client_closes_takes_its_streams_along() {
    let server = Server::start().await;
    for end in [&b""[..], &[0x68, 0x43, 4, 0, 0, 0, 9]] {
        let raw = client(&server).await;
        let mut session = session(&raw).await;
        let (mut send, mut receive) = bidi(&raw, session.id, b"unfinished").await;
        raw.assert_serves().await;
        let before = server.app.disposed.get();
        match end {
            b"" => session.send.finish().unwrap(),
            capsule => session.send.write_all(&data(capsule)).await.unwrap(),
        }
        assert_eq!(reset_of(receive.read_to_end(100).await), SESSION_GONE);
        let stopped = send.stopped().await.unwrap();
        assert_eq!(stopped.map(|code| code.into_inner()), Some(SESSION_GONE));
        assert!(matches!(send.write_all(b"x").await, Err(WriteError::Stopped(_))));
        until(|| server.app.disposed.get() > before).await;
        session.receive.read_to_end(1000).await.unwrap();
        raw.assert_serves().await;
    }
}

#[tokio::test]
async fn a_session_that_the_application_ends_says_with_which_code() {
    let server = Server::start().await;
    let raw = client(&server).await;
    let mut session = session(&raw).await;
    bidi(&raw, session.id, b"close").await.0.finish().unwrap();
    let rest = session.receive.read_to_end(1000).await.unwrap();
    // CLOSE_WEBTRANSPORT_SESSION with 7, in DATA.
    assert!(rest.ends_with(&data(&[0x68, 0x43, 4, 0, 0, 0, 7])), "{rest:x?}");
    raw.assert_serves().await;
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_session() {
    let server = Server::start().await;
    let raw = client(&server).await;
    let _session = session(&raw).await;
    raw.quic.close((code::NO_ERROR as u32).into(), b"");
    until(|| server.app.disposed.get() == 1).await;
}

#[tokio::test]
async fn a_session_that_is_not_accepted_is_an_answer_like_any_other() {
    let server = Server::start().await;
    let raw = client(&server).await;
    let absent = with(&CONNECT, ":path", "/status?404");
    assert_eq!(raw.outcome(&headers(&absent)).await, Outcome::Status(404));
    let refused = with(&CONNECT, ":path", "/refuse-tunnel");
    assert_eq!(raw.outcome(&headers(&refused)).await, Outcome::Status(403));
    raw.assert_serves().await;
}

#[tokio::test]
async fn other_requests_get_no_session() {
    let server = Server::start().await;
    let raw = client(&server).await;
    let other = with(&CONNECT, ":protocol", "websocket");
    assert_eq!(raw.outcome(&headers(&other)).await, Outcome::Status(500));
    assert!(server.app.errors.lock().unwrap()[0].contains("no WebTransport"));
}

#[tokio::test]
async fn the_draft_that_a_client_names_is_confirmed() {
    let server = Server::start().await;
    let raw = client(&server).await;
    let draft = with(&CONNECT, "sec-webtransport-http3-draft02", "1");
    for (fields, is_named) in [(&draft[..], true), (&CONNECT[..], false)] {
        let (mut send, mut receive) = raw.quic.open_bi().await.unwrap();
        send.write_all(&headers(fields)).await.unwrap();
        let mut head = [0; 2];
        receive.read_exact(&mut head).await.unwrap();
        let mut section = vec![0; usize::from(head[1] & 0x3f)];
        if head[1] & 0xc0 == 0x40 {
            let mut second = [0];
            receive.read_exact(&mut second).await.unwrap();
            section = vec![0; usize::from(head[1] & 0x3f) << 8 | usize::from(second[0])];
        }
        receive.read_exact(&mut section).await.unwrap();
        let draft02 = huffman_or_plain(&section);
        assert_eq!(draft02, is_named, "{section:x?}");
    }
}

/// True if a section has the value `draft02`, as it is or in Huffman's code.
fn huffman_or_plain(section: &[u8]) -> bool {
    // d 100100, r 101100, a 00011, f 100101, t 01001, 0 00000, 2 00010 (RFC 7541 appendix B), and ones to the end.
    const CODE: [u8; 5] = [0b1001_0010, 0b1100_0001, 0b1100_1010, 0b1001_0000, 0b0000_1011];
    section.windows(7).any(|window| window == b"draft02")
        || section.windows(4).any(|window| window == &CODE[..4])
}

#[tokio::test]
async fn rules_of_streams_are_kept() {
    let server = Server::start().await;
    // A number that no request can have.
    let raw = client(&server).await;
    drop(bidi(&raw, 3, b"").await);
    assert_eq!(raw.closed().await, code::ID_ERROR);
    let raw = client(&server).await;
    let mut uni = raw.quic.open_uni().await.unwrap();
    uni.write_all(&[varint(UNI), varint(1)].concat()).await.unwrap();
    assert_eq!(raw.closed().await, code::ID_ERROR);
    // On the control stream.
    let begun = [settings(), varint(BIDI), varint(0)].concat();
    let raw = Raw::with_control(server.quic().await, &begun).await;
    assert_eq!(raw.closed().await, code::FRAME_ERROR);
    // Behind another frame.
    let raw = client(&server).await;
    let (mut send, _receive) = raw.quic.open_bi().await.unwrap();
    send.write_all(&[frame(kind::GREASE, b""), varint(BIDI), varint(0)].concat()).await.unwrap();
    assert_eq!(raw.closed().await, code::FRAME_ERROR);
}
