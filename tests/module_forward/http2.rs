//! HTTP/2 outside, HTTP/1.1 inside.

use std::{future::poll_fn, net::SocketAddr, time::Duration};

use bytes::Bytes;
use falconry_kestrel::KestrelServerOptions;
use h2::{RecvStream, client::SendRequest};
use http::{HeaderMap, Method, Request, Response};
use tokio::net::TcpStream;

use crate::support::{PATIENCE, Running};

pub(crate) async fn connect(address: SocketAddr) -> SendRequest<Bytes> {
    let socket = TcpStream::connect(address).await.unwrap();
    let (client, connection) = h2::client::handshake(socket).await.unwrap();
    tokio::spawn(connection);
    client.ready().await.unwrap()
}

pub(crate) fn request(method: Method, path: &str) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = method;
    *request.uri_mut() = format!("http://site.test{path}").parse().unwrap();
    request
}

pub(crate) async fn read(response: Response<RecvStream>) -> (http::response::Parts, Vec<u8>, HeaderMap) {
    let (head, mut body) = response.into_parts();
    let mut data = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece.unwrap();
        body.flow_control().release_capacity(piece.len()).unwrap();
        data.extend_from_slice(&piece);
    }
    let trailers = body.trailers().await.unwrap().unwrap_or_default();
    (head, data, trailers)
}

pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("it does not take that long")
}

#[tokio::test]
async fn the_authority_becomes_the_host_and_nothing_of_http_2_is_left() {
    let running = Running::start(KestrelServerOptions::default()).await;
    let mut client = connect(running.address()).await;
    let (response, _) = client.send_request(request(Method::GET, "/fields?a=b"), true).unwrap();
    let (head, body, _) = within(async { read(response.await.unwrap()).await }).await;
    assert_eq!(head.status, 200);
    let fields = String::from_utf8(body).unwrap();
    let mut names: Vec<_> = fields.lines().map(|line| line.split(':').next().unwrap()).collect();
    names.sort_unstable();
    // HTTP/2 takes trailers whether it says so or not.
    assert_eq!(names, ["connection", "host", "te", "x-forwarded-for", "x-forwarded-proto"], "{fields}");
    assert!(fields.contains("host: site.test\n"), "{fields}");
    running.stop().await;
}

#[tokio::test]
async fn many_streams_share_a_connection() {
    let running = Running::start(KestrelServerOptions::default()).await;
    let client = connect(running.address()).await;
    let requests = (0..80).map(|number| {
        let client = client.clone();
        async move {
            let (response, mut upload) =
                client.ready().await.unwrap().send_request(request(Method::POST, "/echo"), false).unwrap();
            upload.send_data(format!("request {number}").into(), true).unwrap();
            let (head, body, _) = read(response.await.unwrap()).await;
            assert_eq!(head.status, 200);
            assert!(String::from_utf8(body).unwrap().ends_with(&format!("\n\nrequest {number}")));
        }
    });
    within(futures_util::future::join_all(requests)).await;
    drop(client);
    running.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_reset_ends_its_request_at_the_backend() {
    let running = Running::start(KestrelServerOptions::default()).await;
    let mut client = connect(running.address()).await;
    let (response, mut stream) = client.send_request(request(Method::GET, "/wait?ms=60000"), true).unwrap();
    // The answer to another request tells that the first has arrived.
    let (other, _) = client.clone().send_request(request(Method::GET, "/"), true).unwrap();
    within(other).await.unwrap();
    stream.send_reset(h2::Reason::CANCEL);
    drop(response);
    within(async {
        loop {
            let (info, _) = client.send_request(request(Method::GET, "/info"), true).unwrap();
            let (_, body, _) = read(info.await.unwrap()).await;
            let info: serde_json::Value = serde_json::from_slice(&body).unwrap();
            if info["aborted"] == 1 {
                break;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    running.stop().await;
}

#[tokio::test]
async fn a_large_upload_and_download_pass() {
    const SIZE: usize = 20_000_000;
    let running = Running::start(KestrelServerOptions::default()).await;
    let mut client = connect(running.address()).await;
    let (response, mut upload) = client.send_request(request(Method::POST, "/echo"), false).unwrap();
    let sending = tokio::spawn(async move {
        let mut left = SIZE;
        while left > 0 {
            upload.reserve_capacity(left.min(64 * 1024));
            let room = poll_fn(|cx| upload.poll_capacity(cx)).await.unwrap().unwrap();
            let piece = room.min(left);
            left -= piece;
            upload.send_data(vec![b'x'; piece].into(), left == 0).unwrap();
        }
    });
    let (_, body, _) = tokio::time::timeout(PATIENCE + Duration::from_secs(60), async {
        read(response.await.unwrap()).await
    })
    .await
    .unwrap();
    assert!(body.len() > SIZE && body.ends_with(&[b'x'; 100]));
    sending.await.unwrap();
    running.stop().await;
}
