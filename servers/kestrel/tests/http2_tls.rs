//! HTTP/2 over TLS: chosen by ALPN.
#![cfg(feature = "aws-lc-rs")]

mod support;

use std::future::poll_fn;

use bytes::Bytes;
use falconry_kestrel::HttpProtocols;
use http::Request;

use self::support::{TestServer, certificates::Authority, client::Client};

/// One request by a client of HTTP/2; the version and the body of the answer.
async fn get(server: &TestServer, client: &Client, path: &str) -> (http::Version, String) {
    let stream = client.connect(server.address, "a.test").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (requests, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut requests = requests.ready().await.unwrap();
    let request = Request::get(format!("https://a.test{path}")).body(()).unwrap();
    let response = requests.send_request(request, true).unwrap().0.await.unwrap();
    assert_eq!(response.status(), 200);
    let version = response.version();
    let mut incoming = response.into_body();
    let mut body = Vec::new();
    while let Some(data) = poll_fn(|cx| incoming.poll_data(cx)).await {
        let data: Bytes = data.unwrap();
        incoming.flow_control().release_capacity(data.len()).unwrap();
        body.extend_from_slice(&data);
    }
    drop((requests, incoming));
    connection.await.unwrap().unwrap();
    (version, String::from_utf8(body).unwrap())
}

#[tokio::test]
async fn a_client_that_offers_both_gets_http2() {
    let authority = Authority::new("root");
    let server = TestServer::start(|https| {
        https.server_certificate = Some(authority.server(&["a.test"]).certificate());
    })
    .await;
    let client = Client::new(&authority).offering(&["http/1.1", "h2"]);
    let (version, text) = get(&server, &client, "/tls").await;
    assert_eq!(version, http::Version::HTTP_2);
    assert!(text.contains("scheme=https\n") && text.contains("alpn=h2\n"), "{text}");
    assert_eq!(get(&server, &client, "/big").await.1.len(), 1_000_000);
    server.stop().await;
}

#[tokio::test]
async fn a_client_of_http1_gets_http1_from_the_same_endpoint() {
    let authority = Authority::new("root");
    let server = TestServer::start(|https| {
        https.server_certificate = Some(authority.server(&["a.test"]).certificate());
    })
    .await;
    for client in [Client::new(&authority), Client::new(&authority).offering(&["http/1.1"])] {
        assert_eq!(client.get(server.address, "a.test", "/").await.unwrap(), "Hello World!");
    }
    server.stop().await;
}

#[tokio::test]
async fn an_endpoint_of_http2_alone_serves_no_other_client() {
    let authority = Authority::new("root");
    let server = TestServer::start_endpoint(|endpoint| {
        endpoint.protocols = HttpProtocols::HTTP2;
        endpoint.use_https_with(|https| {
            https.server_certificate = Some(authority.server(&["a.test"]).certificate())
        });
    })
    .await;
    let client = Client::new(&authority).offering(&["h2"]);
    assert_eq!(get(&server, &client, "/").await.1, "Hello World!");
    assert!(Client::new(&authority).get(server.address, "a.test", "/").await.is_err());
    let other = Client::new(&authority).offering(&["http/1.1"]);
    assert!(other.get(server.address, "a.test", "/").await.is_err());
    server.stop().await;
}

#[tokio::test]
async fn an_endpoint_of_http1_alone_does_not_offer_http2() {
    let authority = Authority::new("root");
    let server = TestServer::start_endpoint(|endpoint| {
        endpoint.protocols = HttpProtocols::HTTP1;
        endpoint.use_https_with(|https| {
            https.server_certificate = Some(authority.server(&["a.test"]).certificate())
        });
    })
    .await;
    let client = Client::new(&authority).offering(&["h2", "http/1.1"]);
    assert_eq!(client.get(server.address, "a.test", "/").await.unwrap(), "Hello World!");
    server.stop().await;
}
