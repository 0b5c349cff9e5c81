//! By extended CONNECT of HTTP/3 (RFC 9220).

use falconry::features::CancellationToken;
use quinn::{RecvStream, SendStream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{BUFFER, Tunnel, app_until, closed_by_the_application, echo_and_close};
use crate::{
    encrypted::{Encrypted, NAME},
    h3_raw::{Outcome, Raw, data, frame, headers, kind, status},
    http2::within,
};

/// `echo` in a field section, in Huffman's code (RFC 7541 appendix B) behind its length.
const ECHO: [u8; 4] = [0x83, 0x29, 0x27, 0x3f];

/// A stream whose request was answered.
struct Opened {
    send: SendStream,
    receive: RecvStream,
    has_sub_protocol: bool,
}

fn handshake<'a>(path: &'a str, protocol: &'a str, sub_protocols: &'a str) -> Vec<u8> {
    let mut fields = vec![
        (":method", "CONNECT"),
        (":protocol", protocol),
        (":scheme", "https"),
        (":authority", NAME),
        (":path", path),
        ("sec-websocket-version", "13"),
    ];
    if !sub_protocols.is_empty() {
        fields.push(("sec-websocket-protocol", sub_protocols));
    }
    headers(&fields)
}

async fn open(client: &Raw, sub_protocols: &str) -> Opened {
    let (mut send, mut receive) = client.quic.open_bi().await.unwrap();
    send.write_all(&handshake("/ws", "websocket", sub_protocols)).await.unwrap();
    let (kind, payload) = within(next_frame(&mut receive)).await.unwrap().expect("an answer");
    assert_eq!(status(&frame(kind, &payload)), 200);
    let has = |text: &[u8]| payload.windows(text.len()).any(|part| part == text);
    Opened { send, receive, has_sub_protocol: has(&ECHO) || has(b"echo") }
}

/// The next frame; `None` at the end of the stream.
async fn next_frame(stream: &mut RecvStream) -> std::io::Result<Option<(u64, Vec<u8>)>> {
    let Some(kind) = integer(stream).await? else { return Ok(None) };
    let length = integer(stream).await?.ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let mut payload = vec![0; length as usize];
    AsyncReadExt::read_exact(stream, &mut payload).await?;
    Ok(Some((kind, payload)))
}

/// RFC 9000 section 16.
async fn integer(stream: &mut RecvStream) -> std::io::Result<Option<u64>> {
    let mut bytes = [0; 8];
    if AsyncReadExt::read(stream, &mut bytes[..1]).await? == 0 {
        return Ok(None);
    }
    let length = 1 << (bytes[0] >> 6);
    AsyncReadExt::read_exact(stream, &mut bytes[1..length]).await?;
    bytes[0] &= 0x3f;
    Ok(Some(u64::from_be_bytes(bytes) >> (8 * (8 - length))))
}

fn tunnel(opened: Opened) -> Tunnel {
    let Opened { mut send, mut receive, has_sub_protocol } = opened;
    let (stream, other) = tokio::io::duplex(BUFFER);
    let (mut reader, mut writer) = tokio::io::split(other);
    tokio::spawn(async move {
        let mut buffer = vec![0; BUFFER];
        loop {
            let count = reader.read(&mut buffer).await.unwrap();
            if count == 0 {
                let _ = send.finish();
                return;
            }
            if send.write_all(&data(&buffer[..count])).await.is_err() {
                return;
            }
        }
    });
    let end = tokio::spawn(async move {
        loop {
            match next_frame(&mut receive).await {
                Ok(Some((kind::DATA, payload))) if writer.write_all(&payload).await.is_ok() => {}
                Ok(None) => {
                    writer.shutdown().await.unwrap();
                    return true;
                }
                _ => return false,
            }
        }
    });
    Tunnel { stream, has_sub_protocol, end }
}

#[tokio::test]
async fn messages_and_the_close_of_the_client_pass() {
    let encrypted = Encrypted::start().await;
    let client = Raw::new(encrypted.quic().await).await;
    let opened = open(&client, "other, echo").await;
    within(echo_and_close(tunnel(opened))).await;
    drop(client);
    within(encrypted.running.stop()).await;
}

#[tokio::test]
async fn the_close_of_the_application_passes() {
    let stopping = CancellationToken::new();
    let encrypted = Encrypted::with_app(app_until(&stopping)).await;
    let client = Raw::new(encrypted.quic().await).await;
    let opened = open(&client, "other").await;
    within(closed_by_the_application(tunnel(opened), &stopping)).await;
    drop(client);
    within(encrypted.running.stop()).await;
}

#[tokio::test]
async fn a_stream_that_the_client_resets_ends_at_the_application() {
    let encrypted = Encrypted::start().await;
    let client = Raw::new(encrypted.quic().await).await;
    let Opened { mut send, mut receive, .. } = open(&client, "").await;
    send.reset(0x10c_u32.into()).unwrap();
    receive.stop(0x10c_u32.into()).unwrap();
    // The stop waits for every request, in front and behind.
    within(encrypted.running.stop()).await;
    drop(client);
}

#[tokio::test]
async fn an_end_of_the_client_without_a_close_ends_the_stream() {
    let encrypted = Encrypted::start().await;
    let client = Raw::new(encrypted.quic().await).await;
    let Opened { mut send, mut receive, .. } = open(&client, "").await;
    send.finish().unwrap();
    // Whether with an end or with a reset is the application's to say, but it ends.
    while let Ok(Some(_)) = within(next_frame(&mut receive)).await {}
    drop(client);
    within(encrypted.running.stop()).await;
}

#[tokio::test]
async fn a_handshake_that_the_application_refuses_has_its_answer() {
    let encrypted = Encrypted::start().await;
    let client = Raw::new(encrypted.quic().await).await;
    for (path, protocol, status) in
        [("/status/403", "websocket", 403), ("/", "websocket", 502), ("/ws", "connect-udp", 501)]
    {
        let answered = within(client.outcome(&handshake(path, protocol, ""))).await;
        // A 200 without a WebSocket would be taken for one.
        assert_eq!(answered, Outcome::Status(status), "{path} {protocol}");
    }
    drop(client);
    encrypted.running.stop().await;
}
