//! By extended CONNECT of HTTP/2 (RFC 8441).

use std::future::poll_fn;

use bytes::Bytes;
use falconry::features::CancellationToken;
use falconry_kestrel::KestrelServerOptions;
use h2::{Reason, RecvStream, SendStream, client::SendRequest, ext::Protocol};
use http::{HeaderValue, Method, Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{BUFFER, Tunnel, app_until, closed_by_the_application, echo_and_close};
use crate::{
    http2::{connect, request, within},
    support::Running,
};

/// A client whose server has said that it knows extended CONNECT.
pub(super) async fn ready(running: &Running) -> SendRequest<Bytes> {
    let mut client = connect(running.address()).await;
    // The settings come with the first answer at the latest.
    let (first, _) = client.send_request(request(Method::GET, "/"), true).unwrap();
    within(first).await.unwrap();
    assert!(client.is_extended_connect_protocol_enabled());
    client
}

fn handshake(path: &str, protocol: &str, sub_protocols: &str) -> Request<()> {
    let mut connect = request(Method::CONNECT, path);
    connect.extensions_mut().insert(Protocol::from(protocol));
    connect.headers_mut().insert("sec-websocket-version", HeaderValue::from_static("13"));
    if !sub_protocols.is_empty() {
        connect.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_str(sub_protocols).unwrap());
    }
    connect
}

/// Opens a stream that is not read yet.
pub(super) async fn open(
    client: &mut SendRequest<Bytes>,
    sub_protocols: &str,
) -> (SendStream<Bytes>, Response<RecvStream>) {
    let (response, send) = client.send_request(handshake("/ws", "websocket", sub_protocols), false).unwrap();
    let response = within(response).await.unwrap();
    assert_eq!(response.status(), 200);
    for absent in ["sec-websocket-accept", "upgrade", "connection", "transfer-encoding"] {
        assert!(!response.headers().contains_key(absent), "{absent}");
    }
    (send, response)
}

fn tunnel((mut send, response): (SendStream<Bytes>, Response<RecvStream>)) -> Tunnel {
    let has_sub_protocol =
        response.headers().get("sec-websocket-protocol").is_some_and(|name| name == "echo");
    let mut body = response.into_body();
    let (stream, other) = tokio::io::duplex(BUFFER);
    let (mut reader, mut writer) = tokio::io::split(other);
    tokio::spawn(async move {
        let mut buffer = vec![0; BUFFER];
        loop {
            let count = reader.read(&mut buffer).await.unwrap();
            let mut data = Bytes::copy_from_slice(&buffer[..count]);
            while !data.is_empty() {
                send.reserve_capacity(data.len());
                let Some(Ok(room)) = poll_fn(|cx| send.poll_capacity(cx)).await else { return };
                if send.send_data(data.split_to(room.min(data.len())), false).is_err() {
                    return;
                }
            }
            if count == 0 {
                let _ = send.send_data(Bytes::new(), true);
                return;
            }
        }
    });
    let end = tokio::spawn(async move {
        while let Some(piece) = body.data().await {
            let Ok(piece) = piece else { return false };
            body.flow_control().release_capacity(piece.len()).unwrap();
            if writer.write_all(&piece).await.is_err() {
                return false;
            }
        }
        writer.shutdown().await.unwrap();
        true
    });
    Tunnel { stream, has_sub_protocol, end }
}

#[tokio::test]
async fn messages_and_the_close_of_the_client_pass() {
    let running = Running::start(KestrelServerOptions::default()).await;
    let mut client = ready(&running).await;
    let opened = open(&mut client, "other, echo").await;
    within(echo_and_close(tunnel(opened))).await;
    drop(client);
    within(running.stop()).await;
}

#[tokio::test]
async fn the_close_of_the_application_passes() {
    let stopping = CancellationToken::new();
    let running = Running::with_app(KestrelServerOptions::default(), app_until(&stopping)).await;
    let mut client = ready(&running).await;
    let opened = open(&mut client, "other").await;
    within(closed_by_the_application(tunnel(opened), &stopping)).await;
    drop(client);
    within(running.stop()).await;
}

#[tokio::test]
async fn a_stream_that_the_client_resets_ends_at_the_application() {
    let running = Running::start(KestrelServerOptions::default()).await;
    let mut client = ready(&running).await;
    let (mut send, response) = open(&mut client, "").await;
    send.send_reset(Reason::CANCEL);
    drop((send, response, client));
    // The stop waits for every request, in front and behind.
    within(running.stop()).await;
}

#[tokio::test]
async fn an_end_of_the_client_without_a_close_ends_the_stream() {
    let running = Running::start(KestrelServerOptions::default()).await;
    let mut client = ready(&running).await;
    let (mut send, response) = open(&mut client, "").await;
    send.send_data(Bytes::new(), true).unwrap();
    let mut body = response.into_body();
    // Whether with an end or with a reset is the application's to say, but it ends.
    while let Some(Ok(_)) = within(body.data()).await {}
    drop(client);
    within(running.stop()).await;
}

#[tokio::test]
async fn a_handshake_that_the_application_refuses_has_its_answer() {
    let running = Running::start(KestrelServerOptions::default()).await;
    let mut client = ready(&running).await;
    for (path, protocol, status) in
        [("/status/403", "websocket", 403), ("/", "websocket", 502), ("/ws", "connect-udp", 501)]
    {
        let (response, _send) = client.send_request(handshake(path, protocol, ""), false).unwrap();
        let response = within(response).await.unwrap();
        // A 200 without a WebSocket would be taken for one.
        assert_eq!(response.status(), status, "{path} {protocol}");
    }
    drop(client);
    running.stop().await;
}
