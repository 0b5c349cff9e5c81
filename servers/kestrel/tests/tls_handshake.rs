//! Handshakes: what is agreed on, and what is refused.
#![cfg(feature = "aws-lc-rs")]

mod support;

use std::time::Duration;

use falconry_kestrel::{HttpProtocols, KestrelServerOptions, TlsVersions};
use support::{
    TestServer,
    certificates::{Authority, Folder},
    client::{Client, alert, get},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn hello_over_https_ends_with_close_notify() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let server = TestServer::start(|https| https.server_certificate = Some(pair.certificate())).await;
    let client = Client::new(&root);
    assert_eq!(client.get(server.address, "a.test", "/").await.unwrap(), "Hello World!");
    assert_eq!(client.get(server.address, "a.test", "/big").await.unwrap().len(), 1_000_000);
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_ends_its_side_first_has_its_answer_and_close_notify() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let server = TestServer::start(|https| https.server_certificate = Some(pair.certificate())).await;
    for request in ["", "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"] {
        let mut connection = Client::new(&root).connect(server.address, "a.test").await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        connection.shutdown().await.unwrap();
        let mut answer = String::new();
        // Without close_notify this is an error.
        connection.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer.ends_with("Hello World!"), !request.is_empty(), "{answer}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_without_close_notify_is_no_trouble() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let server = TestServer::start(|https| https.server_certificate = Some(pair.certificate())).await;
    let mut connection = Client::new(&root).connect(server.address, "a.test").await.unwrap();
    connection.write_all(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").await.unwrap();
    let (socket, _) = connection.get_mut();
    socket.shutdown().await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("Hello World!"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn an_aborted_connection_does_not_end_as_if_all_were_said() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let server = TestServer::start(|https| https.server_certificate = Some(pair.certificate())).await;
    let mut connection = Client::new(&root).connect(server.address, "a.test").await.unwrap();
    connection.write_all(b"GET /abort HTTP/1.1\r\nHost: a.test\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    assert!(connection.read_to_end(&mut answer).await.is_err(), "{answer:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn https_goes_over_unix_sockets_too() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let folder = Folder::new("unix");
    let path = folder.0.join("app.sock");
    let mut options = KestrelServerOptions::default();
    options
        .listen_unix_socket_with(&path, |endpoint| {
            endpoint.use_https_with(|https| https.server_certificate = Some(pair.certificate()));
        })
        .unwrap();
    let kestrel = support::start(options).await.unwrap();
    let socket = tokio::net::UnixStream::connect(&path).await.unwrap();
    let mut connection = Client::new(&root).over(socket, "a.test").await.unwrap();
    connection.write_all(b"GET /tls HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("\nscheme=https\n"), "{answer}");
    drop(kestrel);
}

#[tokio::test]
async fn the_features_tell_of_the_handshake() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let server = TestServer::start(|https| https.server_certificate = Some(pair.certificate())).await;
    let client = Client::with_versions(&root, &[&rustls::version::TLS13]).offering(&["http/1.1"]);
    assert_eq!(
        client.get(server.address, "a.test", "/tls").await.unwrap(),
        "scheme=https\nversion=TLS 1.3\ncipher=TLS_AES_256_GCM_SHA384\nname=a.test\nalpn=http/1.1\nclient=0\n"
    );
    let client = Client::with_versions(&root, &[&rustls::version::TLS12]);
    assert_eq!(
        client.get(server.address, "a.test", "/tls").await.unwrap(),
        "scheme=https\nversion=TLS 1.2\ncipher=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\nname=a.test\nalpn=\nclient=0\n"
    );
}

#[tokio::test]
async fn an_endpoint_in_clear_has_no_features_of_tls() {
    let server = TestServer::start_endpoint(|_| {}).await;
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.write_all(b"GET /tls HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("\r\n\r\nscheme=http\n"), "{answer}");
}

#[tokio::test]
async fn a_client_without_alpn_speaks_http1() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let server = TestServer::start(|https| https.server_certificate = Some(pair.certificate())).await;
    let mut connection = Client::new(&root).connect(server.address, "a.test").await.unwrap();
    assert_eq!(connection.get_ref().1.alpn_protocol(), None);
    assert_eq!(get(&mut connection, "/").await.unwrap(), "Hello World!");
}

#[tokio::test]
async fn http1_is_agreed_on_where_the_client_offers_it() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let server = TestServer::start_endpoint(|endpoint| {
        endpoint.protocols = HttpProtocols::HTTP1;
        endpoint.use_https_with(|https| https.server_certificate = Some(pair.certificate()));
    })
    .await;
    let client = Client::new(&root).offering(&["h2", "http/1.1"]);
    let connection = client.connect(server.address, "a.test").await.unwrap();
    assert_eq!(connection.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
}

#[tokio::test]
async fn no_common_protocol_is_refused_by_its_alert() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let mut counters = None;
    let server = TestServer::start(|https| {
        https.server_certificate = Some(pair.certificate());
        counters = Some(https.counters().clone());
    })
    .await;
    let client = Client::new(&root).offering(&["nonsense"]);
    let error = alert(client.connect(server.address, "a.test").await);
    assert!(error.contains("NoApplicationProtocol"), "{error}");
    server.stop().await;
    let counters = counters.unwrap();
    assert_eq!((counters.active(), counters.completed(), counters.failed()), (0, 0, 1));
}

#[tokio::test]
async fn only_the_versions_that_are_set_are_spoken() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    for (versions, good, bad) in [
        (TlsVersions::TLS12, &rustls::version::TLS12, &rustls::version::TLS13),
        (TlsVersions::TLS13, &rustls::version::TLS13, &rustls::version::TLS12),
    ] {
        let server = TestServer::start(|https| {
            https.server_certificate = Some(pair.certificate());
            https.versions = versions;
        })
        .await;
        let connected = Client::with_versions(&root, &[good]).get(server.address, "a.test", "/").await;
        assert_eq!(connected.unwrap(), "Hello World!");
        let error = alert(Client::with_versions(&root, &[bad]).connect(server.address, "a.test").await);
        assert!(error.contains("ProtocolVersion"), "{error}");
    }
}

#[tokio::test]
async fn plain_http_on_a_tls_port_gets_an_alert_and_an_orderly_end() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let server = TestServer::start(|https| https.server_certificate = Some(pair.certificate())).await;
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer.first(), Some(&21), "an alert record: {answer:?}");
}

#[tokio::test]
async fn tls_on_a_plain_port_is_a_bad_request() {
    let root = Authority::new("root");
    let server = TestServer::start_endpoint(|_| {}).await;
    let error = alert(Client::new(&root).connect(server.address, "a.test").await);
    assert!(error.contains("corrupt message"), "{error}");
}

#[tokio::test]
async fn garbage_and_early_ends_do_not_hurt() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let server = TestServer::start(|https| https.server_certificate = Some(pair.certificate())).await;
    for garbage in
        [&b""[..], &[0; 4096], &[22, 3, 1, 255, 255], &[22, 3, 1, 0, 5, 1, 0, 0, 1, 9], &[0x80, 1, 1]]
    {
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        socket.write_all(garbage).await.unwrap();
        socket.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer).await;
    }
    assert_eq!(Client::new(&root).get(server.address, "a.test", "/").await.unwrap(), "Hello World!");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_takes_too_long_is_ended_without_a_word() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let mut counters = None;
    let server = TestServer::start(|https| {
        https.server_certificate = Some(pair.certificate());
        counters = Some(https.counters().clone());
    })
    .await;
    let begun = tokio::time::Instant::now();
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.write_all(&[22, 3, 1]).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    assert!(answer.is_empty());
    assert_eq!(begun.elapsed().as_secs(), 10);
    assert_eq!(counters.unwrap().failed(), 1);
}

#[test]
fn a_handshake_timeout_of_zero_is_refused() {
    let mut https = falconry_kestrel::HttpsOptions::default();
    assert_eq!(https.handshake_timeout(), Some(Duration::from_secs(10)));
    assert!(https.set_handshake_timeout(Duration::ZERO).unwrap_err().is_out_of_range());
    https.set_handshake_timeout(Duration::MAX).unwrap();
    assert_eq!(https.handshake_timeout(), None);
}

#[tokio::test]
async fn a_slow_handshake_blocks_nobody() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let server = TestServer::start(|https| https.server_certificate = Some(pair.certificate())).await;
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        socket.write_all(&[22, 3, 1]).await.unwrap();
        slow.push(socket);
    }
    assert_eq!(Client::new(&root).get(server.address, "a.test", "/").await.unwrap(), "Hello World!");
}

#[tokio::test]
async fn a_handshake_takes_a_place_among_the_connections() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let mut options = KestrelServerOptions::default();
    options.limits.set_max_concurrent_connections(1).unwrap();
    options.listen_with(([127, 0, 0, 1], 0).into(), |endpoint| {
        endpoint.use_https_with(|https| https.server_certificate = Some(pair.certificate()));
    });
    let server = TestServer::start_options(options).await.unwrap();
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(&[22, 3, 1]).await.unwrap();
    let client = Client::new(&root);
    assert!(client.connect(server.address, "a.test").await.is_err());
    drop(first);
    while client.get(server.address, "a.test", "/").await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_slow_handshake() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let server = TestServer::start(|https| https.server_certificate = Some(pair.certificate())).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(&[22, 3, 1]).await.unwrap();
    let begun = std::time::Instant::now();
    server.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(5));
}
