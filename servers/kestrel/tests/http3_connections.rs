//! Connections of HTTP/3: how clients learn of them, how they begin, and how they end.
#![cfg(feature = "http3")]

#[path = "support/h3/mod.rs"]
mod support;

use std::{io, net::UdpSocket, sync::Arc, time::Duration};

use falconry_features::Deadline;
use falconry_kestrel::{ClientCertificateMode, HttpProtocols, SniOptions};
use rustls::pki_types::ServerName;
use support::{
    Raw, Server,
    client::{read, request, reset_of},
    raw::{GET, Outcome, close_code, code, headers, with},
    until,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The head of an answer over HTTP/1.1.
async fn over_http1(server: &Server) -> io::Result<String> {
    let socket = TcpStream::connect(server.address).await?;
    let connector = tokio_rustls::TlsConnector::from(Arc::new(server.tls(None, "http/1.1")));
    let mut stream = connector.connect(ServerName::try_from("a.test").unwrap(), socket).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    Ok(answer.to_ascii_lowercase())
}

#[tokio::test]
async fn tcp_and_quic_share_a_port_and_one_tells_of_the_other() {
    let server = Server::start().await;
    assert_eq!(server.client().await.get("/").await.status(), 200);
    let port = server.address.port();
    assert!(over_http1(&server).await.unwrap().contains(&format!("alt-svc: h3=\":{port}\"; ma=86400\r\n")));
    // HTTP/3 has told already.
    assert_eq!(server.client().await.get("/").await.field("alt-svc"), None);
}

#[tokio::test]
async fn http2_tells_of_http3_too() {
    let server = Server::start().await;
    let socket = TcpStream::connect(server.address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(server.tls(None, "h2")));
    let stream = connector.connect(ServerName::try_from("a.test").unwrap(), socket).await.unwrap();
    let (mut requests, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let (response, _) = requests.send_request(request("GET", "/"), true).unwrap();
    let port = server.address.port();
    assert_eq!(response.await.unwrap().headers()["alt-svc"], format!("h3=\":{port}\"; ma=86400"));
}

#[tokio::test]
async fn nothing_is_told_where_that_is_turned_off() {
    let server = Server::with(|_| {}, |endpoint| endpoint.disable_alt_svc_header = true).await;
    assert!(!over_http1(&server).await.unwrap().contains("alt-svc"));
    assert_eq!(server.client().await.get("/").await.status(), 200);
}

#[tokio::test]
async fn endpoints_have_only_the_protocols_they_ask_for() {
    let server = Server::with(|_| {}, |endpoint| endpoint.protocols = HttpProtocols::HTTP1_AND_HTTP2).await;
    assert!(!over_http1(&server).await.unwrap().contains("alt-svc"));
    drop(UdpSocket::bind(server.address).expect("nobody listens there"));

    let server = Server::with(|_| {}, |endpoint| endpoint.protocols = HttpProtocols::HTTP3).await;
    assert_eq!(server.client().await.get("/").await.status(), 200);
    assert_eq!(over_http1(&server).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn handshakes_agree_on_h3_with_a_certificate_for_the_name() {
    let server = Server::start().await;
    assert!(server.connect("a.test", None, "h2").await.is_err());
    assert!(server.connect("b.test", None, "h3").await.is_err(), "the certificate is for another name");
    let server = Server::with_https(
        |_| {},
        |_| {},
        |https, root| {
            let mut other = SniOptions::default();
            other.certificate = Some(root.server(&["b.test"]).certificate());
            https.add_sni("b.test", other).unwrap();
            let mut closed = SniOptions::default();
            closed.client_certificate_mode = Some(ClientCertificateMode::Require);
            https.client_certificate_roots = vec![falconry_features::Certificate::from_der(root.der.clone())];
            https.add_sni("c.test", closed).unwrap();
            let mut old = SniOptions::default();
            old.protocols = Some(HttpProtocols::HTTP1);
            https.add_sni("d.test", old).unwrap();
            https.add_sni("a.test", SniOptions::default()).unwrap();
        },
    )
    .await;
    for name in ["a.test", "b.test"] {
        server.connect(name, None, "h3").await.unwrap();
    }
    for name in ["c.test", "d.test", "e.test"] {
        assert!(server.connect(name, None, "h3").await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn clients_show_their_certificates() {
    let server = Server::with_https(
        |_| {},
        |_| {},
        |https, root| {
            https.client_certificate_mode = ClientCertificateMode::Require;
            https.client_certificate_roots = vec![falconry_features::Certificate::from_der(root.der.clone())];
        },
    )
    .await;
    let pair = server.root.client("somebody");
    let quic = server.connect("a.test", Some(&pair), "h3").await.unwrap();
    Raw::new(quic).await.assert_serves().await;
    // A client of TLS 1.3 hears of it after its own handshake.
    if let Ok(quic) = server.connect("a.test", None, "h3").await {
        assert!(matches!(quic.closed().await, quinn::ConnectionError::ConnectionClosed(_)));
    }
}

#[tokio::test]
async fn new_clients_of_a_stopping_server_are_refused_at_once() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut stream = client.begin(request("POST", "/until")).await;
    stream.send_data("ab".into()).await.unwrap();
    assert_eq!(stream.recv_response().await.unwrap().status(), 200);
    let stopped = server.stop(Deadline::never());
    let refusal = loop {
        // Until the stop has reached the listener.
        if let Err(refusal) = server.connect("a.test", None, "h3").await {
            break refusal;
        }
    };
    // RFC 9000 section 20.1, rather than silence until the client gives up.
    let quinn::ConnectionError::ConnectionClosed(close) = refusal else { panic!("{refusal:?}") };
    assert_eq!(close.error_code, quinn::TransportErrorCode::CONNECTION_REFUSED);
    stream.finish().await.unwrap();
    stopped.await.unwrap();
}

#[tokio::test]
async fn a_stop_lets_running_requests_finish_and_refuses_new_ones() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut stream = client.begin(request("POST", "/until")).await;
    stream.send_data("ab".into()).await.unwrap();
    assert_eq!(stream.recv_response().await.unwrap().status(), 200);
    let stopped = server.stop(Deadline::never());
    // The client hears of it from GOAWAY, and opens no more streams.
    while client.fetch(request("GET", "/"), &[], None).await.is_ok() {}
    assert!(!stopped.is_finished());
    stream.send_data("c".into()).await.unwrap();
    stream.finish().await.unwrap();
    let mut body = Vec::new();
    while let Some(piece) = support::client::piece(&mut stream).await.unwrap() {
        body.extend_from_slice(&piece);
    }
    assert_eq!(body, b"begun 3");
    stopped.await.unwrap();
    assert_eq!(close_code(client.quic.closed().await), code::NO_ERROR);
}

#[tokio::test]
async fn an_idle_connection_ends_at_once_with_the_server() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.get("/").await;
    server.stop(Deadline::never()).await.unwrap();
    assert_eq!(close_code(client.quic.closed().await), code::NO_ERROR);
}

#[tokio::test]
async fn the_deadline_of_a_stop_aborts_what_still_runs() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut stream = client.begin(request("GET", "/silent")).await;
    until(|| server.app.started.get() == 1).await;
    server.stop(Deadline::now()).await.unwrap();
    assert_eq!(close_code(client.quic.closed().await), code::INTERNAL_ERROR);
    assert!(read(&mut stream).await.is_err());
    until(|| server.app.aborted.get() == 1).await;
}

#[tokio::test]
async fn a_connection_without_requests_ends_after_its_time() {
    let server = Server::with_limits(|limits| {
        limits.set_keep_alive_timeout(Duration::from_secs(1)).unwrap();
    })
    .await;
    let raw = server.raw().await;
    raw.assert_serves().await;
    assert_eq!(raw.closed().await, code::NO_ERROR);
}

#[tokio::test]
async fn a_request_has_its_time_to_arrive() {
    let server = Server::with_limits(|limits| {
        limits.set_request_headers_timeout(Duration::from_secs(1)).unwrap();
    })
    .await;
    let raw = server.raw().await;
    let request = headers(&GET);
    let rejected = Outcome::Reset(code::REQUEST_REJECTED);
    assert_eq!(raw.outcome_without_end(&request[..request.len() - 1]).await, rejected);
    assert_eq!(raw.outcome_without_end(&headers(&with(&GET, ":path", "/"))).await, Outcome::Status(200));
}

#[tokio::test]
async fn connections_over_the_limit_are_refused() {
    let server = Server::with_limits(|limits| {
        limits.set_max_concurrent_connections(1).unwrap();
    })
    .await;
    let first = server.raw().await;
    first.assert_serves().await;
    assert!(server.connect("a.test", None, "h3").await.is_err());
    first.quic.close(0x100_u32.into(), b"");
    while server.connect("a.test", None, "h3").await.is_err() {}
}

#[tokio::test]
async fn limits_of_another_configuration_hold_for_new_connections() {
    let server = Server::start().await;
    let mut before = server.client().await;
    let body = ["0123456789"];
    assert_eq!(before.post("/upload", &body).await.status(), 200);
    // What a client may send ahead is three quarters of the buffer.
    let ahead = async |quic: &quinn::Connection| {
        let (mut send, _receive) = quic.open_bi().await.unwrap();
        send.write(&[0; 1 << 21]).await.unwrap()
    };
    assert_eq!(ahead(&server.quic().await).await, 786_432);

    server
        .reconfigure(&[("Limits:MaxRequestBodySize", "9"), ("Limits:MaxRequestBufferSize", "131072")])
        .await;
    let mut after = server.client().await;
    assert_eq!(after.post("/upload", &body).await.status(), 413);
    assert_eq!(ahead(&after.quic).await, 98_304);
    assert_eq!(before.post("/upload", &body).await.status(), 200, "this one had begun before");

    server.reconfigure(&[]).await;
    assert_eq!(server.client().await.post("/upload", &body).await.status(), 200);
}

#[tokio::test]
async fn a_client_may_have_a_hundred_requests_under_way() {
    let server = Server::start().await;
    let raw = server.raw().await;
    let mut streams = Vec::new();
    for _ in 0..100 {
        let (mut send, receive) = raw.quic.open_bi().await.unwrap();
        send.write_all(&headers(&with(&GET, ":path", "/silent"))).await.unwrap();
        send.finish().unwrap();
        streams.push((send, receive));
    }
    until(|| server.app.started.get() == 100).await;
    let mut next = std::pin::pin!(raw.quic.open_bi());
    let waits = std::future::poll_fn(|cx| std::task::Poll::Ready(next.as_mut().poll(cx).is_pending())).await;
    assert!(waits, "the hundred-and-first waits");
    // QUIC gives room back in larger pieces.
    for (mut send, mut receive) in streams.drain(50..) {
        let _ = send.reset(0x10c_u32.into());
        receive.stop(0x10c_u32.into()).unwrap();
    }
    next.await.unwrap();
}

#[tokio::test]
async fn what_a_reset_takes_from_one_stream_it_leaves_the_others() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut kept = client.begin(request("POST", "/until")).await;
    for _ in 0..50 {
        assert_eq!(reset_of(client.fetch(request("GET", "/reset?300"), &[], None).await), 300);
    }
    kept.finish().await.unwrap();
    assert_eq!(read(&mut kept).await.unwrap().text(), "begun 0");
}
