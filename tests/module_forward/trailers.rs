//! Trailers through the module, whatever the client speaks: those of the request go to the application without having
//! been announced, and it sends them back, with its own, without announcing them.

use std::io::Write;

use falconry_kestrel::KestrelServerOptions;
use http::{HeaderMap, HeaderValue, Method};

use crate::{
    http2,
    streaming::read_until,
    support::{Running, connect},
};

const TRAILERS: [(&str, &str); 4] =
    [("x-mine", "mine"), ("x-two", "1"), ("x-two", "2"), ("grpc-status", "0")];

fn trailers() -> HeaderMap {
    let field = |(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value));
    let mut fields = HeaderMap::new();
    for (name, value) in TRAILERS.map(field) {
        fields.append(name, value);
    }
    fields
}

/// What comes back of them behind `body`.
#[track_caller]
fn are_echoed(trailers: &HeaderMap, body: &[u8]) {
    assert_eq!(trailers["x-count"], body.len().to_string(), "{trailers:?}");
    assert!(trailers.contains_key("x-sha256"), "{trailers:?}");
    assert_eq!(trailers["x-echo-x-mine"], "mine");
    let two: Vec<_> = trailers.get_all("x-echo-x-two").iter().collect();
    assert_eq!(two, ["1", "2"]);
    assert_eq!(trailers["x-echo-grpc-status"], "0");
    assert_eq!(trailers.len(), 6, "{trailers:?}");
}

/// On one connection, so that the requests follow each other on one of the backend's, too.
#[tokio::test(flavor = "multi_thread")]
async fn trailers_of_http_1_pass_both_ways() {
    let running = Running::start(KestrelServerOptions::default()).await;
    let mut stream = connect(running.address());
    for (asks, data) in [(true, "hello world"), (false, "hello"), (true, ""), (true, "hello again")] {
        let te = if asks { "TE: trailers\r\nConnection: TE\r\n" } else { "" };
        let chunk = if data.is_empty() { String::new() } else { format!("{:x}\r\n{data}\r\n", data.len()) };
        let fields: String = TRAILERS.map(|(name, value)| format!("{name}: {value}\r\n")).concat();
        write!(
            stream,
            "POST /trailers HTTP/1.1\r\nHost: h\r\n{te}Transfer-Encoding: chunked\r\n\r\n{chunk}0\r\n{fields}\r\n"
        )
        .unwrap();
        let head = read_until(&mut stream, "\r\n\r\n");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        if !head.contains("transfer-encoding: chunked\r\n") {
            // Without trailers there may be a length instead of chunks.
            assert!(!asks && head.contains("content-length: 5\r\n"), "{head}");
            assert_eq!(read_until(&mut stream, "hello"), "hello");
            continue;
        }
        let mut body = String::new();
        loop {
            let size = read_until(&mut stream, "\r\n");
            if size == "0\r\n" {
                break;
            }
            body += read_until(&mut stream, "\r\n").trim_end();
        }
        assert_eq!(body, data);
        let mut received = HeaderMap::new();
        loop {
            let line = read_until(&mut stream, "\r\n");
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            received.append(http::HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap());
        }
        match asks {
            true => are_echoed(&received, data.as_bytes()),
            false => assert!(received.is_empty(), "{received:?}"),
        }
    }
    drop(stream);
    running.stop().await;
}

#[tokio::test]
async fn trailers_of_http_2_pass_both_ways() {
    let running = Running::start(KestrelServerOptions::default()).await;
    let mut client = http2::connect(running.address()).await;
    for data in ["hello world", "", "hello again"] {
        let post = http2::request(Method::POST, "/trailers");
        let (response, mut upload) = client.send_request(post, false).unwrap();
        for piece in data.split_inclusive(' ').filter(|piece| !piece.is_empty()) {
            upload.send_data(piece.to_owned().into(), false).unwrap();
        }
        upload.send_trailers(trailers()).unwrap();
        let (head, body, trailers) =
            http2::within(async { http2::read(response.await.unwrap()).await }).await;
        assert_eq!((head.status.as_u16(), &*body), (200, data.as_bytes()));
        assert!(!head.headers.contains_key("transfer-encoding") && !head.headers.contains_key("connection"));
        are_echoed(&trailers, data.as_bytes());
    }
    drop(client);
    running.stop().await;
}

/// HTTP/1.1 has no trailers behind a body of known length, so that the backend is told of chunks if there is to be one.
#[tokio::test]
async fn announced_trailers_of_http_2_pass_behind_a_body_of_known_length_too() {
    let running = Running::start(KestrelServerOptions::default()).await;
    let mut client = http2::connect(running.address()).await;
    let mut post = http2::request(Method::POST, "/trailers");
    post.headers_mut().insert("content-length", HeaderValue::from_static("5"));
    post.headers_mut().insert("trailer", HeaderValue::from_static("x-mine, x-two, grpc-status"));
    let (response, mut upload) = client.send_request(post, false).unwrap();
    upload.send_data("hello".into(), false).unwrap();
    upload.send_trailers(trailers()).unwrap();
    let (head, body, trailers) = http2::within(async { http2::read(response.await.unwrap()).await }).await;
    assert_eq!((head.status.as_u16(), &*body), (200, &b"hello"[..]));
    are_echoed(&trailers, b"hello");
    drop(client);
    running.stop().await;
}

#[tokio::test]
async fn trailers_of_http_2_that_nothing_announces_are_dropped_behind_a_body_of_known_length() {
    let running = Running::start(KestrelServerOptions::default()).await;
    let mut client = http2::connect(running.address()).await;
    for _ in 0..2 {
        let mut post = http2::request(Method::POST, "/trailers");
        post.headers_mut().insert("content-length", HeaderValue::from_static("5"));
        let (response, mut upload) = client.send_request(post, false).unwrap();
        upload.send_data("hello".into(), false).unwrap();
        upload.send_trailers(trailers()).unwrap();
        let (head, body, trailers) =
            http2::within(async { http2::read(response.await.unwrap()).await }).await;
        assert_eq!((head.status.as_u16(), &*body), (200, &b"hello"[..]));
        assert_eq!(trailers.len(), 2, "its own, and none of the request: {trailers:?}");
    }
    drop(client);
    running.stop().await;
}

#[cfg(feature = "http3")]
#[tokio::test]
async fn trailers_of_http_3_pass_both_ways() {
    use crate::{encrypted::Encrypted, h3_client};

    let encrypted = Encrypted::start().await;
    let mut client = h3_client::Client::new(encrypted.quic().await).await;
    for pieces in [&["hello ", "world"][..], &[], &["hello again"]] {
        let post = h3_client::request("POST", "/trailers");
        let answer = http2::within(client.fetch(post, pieces, Some(trailers()))).await.unwrap();
        let data = pieces.concat();
        assert_eq!((answer.status(), answer.text()), (200, &*data));
        are_echoed(&answer.trailers.unwrap(), data.as_bytes());
    }
    drop(client);
    encrypted.running.stop().await;
}
