//! Connection middleware on both sides of TLS.
#![cfg(feature = "aws-lc-rs")]

mod support;

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use falconry_features::{ConnectionEndPointFeature, TlsHandshakeFeature};
use falconry_kestrel::{
    ConnectionContext, ConnectionNext, ConnectionTransport, HttpsOptions, KestrelServerOptions,
    ProxyProtocolOptions,
};
use support::{TestServer, certificates::Authority, client::Client};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

type Seen = Arc<Mutex<Vec<u8>>>;

/// Keeps what is read.
struct Listening {
    inner: Box<dyn ConnectionTransport>,
    seen: Seen,
}

impl ConnectionTransport for Listening {
    fn reset_on_close(&self) {
        self.inner.reset_on_close();
    }
}

impl AsyncRead for Listening {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        self.seen.lock().unwrap().extend_from_slice(&buffer.filled()[before..]);
        read
    }
}

impl AsyncWrite for Listening {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// Middleware that keeps what it sees, and whether there was a handshake before it.
fn listen(
    seen: &Seen,
    had_handshake: &Arc<Mutex<Option<bool>>>,
) -> impl Fn(ConnectionContext, ConnectionNext) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync + 'static
{
    let (seen, had_handshake) = (Arc::clone(seen), Arc::clone(had_handshake));
    move |mut connection, next| {
        *had_handshake.lock().unwrap() = Some(connection.features.get::<dyn TlsHandshakeFeature>().is_some());
        connection.transport = Box::new(Listening { inner: connection.transport, seen: Arc::clone(&seen) });
        Box::pin(next.run(connection))
    }
}

#[tokio::test]
async fn what_is_added_before_https_sees_records_and_what_is_added_after_it_sees_requests() {
    let root = Authority::new("root");
    let certificate = root.server(&["a.test"]).certificate();
    let (outer, inner) = (Seen::default(), Seen::default());
    let (before, after) = (Arc::default(), Arc::default());
    let server = TestServer::start_endpoint(|endpoint| {
        let mut https = HttpsOptions::default();
        https.server_certificate = Some(certificate);
        endpoint.use_connection(listen(&outer, &before));
        endpoint.use_https(https);
        endpoint.use_connection(listen(&inner, &after));
    })
    .await;
    let answer = Client::new(&root).get(server.address, "a.test", "/tls").await.unwrap();
    // What the handshake has told is there in spite of both.
    assert!(answer.contains("scheme=https") && answer.contains("name=a.test"), "{answer}");
    server.stop().await;
    // A handshake record of TLS.
    assert!(outer.lock().unwrap().starts_with(&[22, 3]));
    assert!(inner.lock().unwrap().starts_with(b"GET /tls HTTP/1.1\r\n"));
    assert_eq!((*before.lock().unwrap(), *after.lock().unwrap()), (Some(false), Some(true)));
}

#[tokio::test]
async fn a_proxys_header_comes_before_the_handshake_and_middleware_sees_what_it_tells() {
    let root = Authority::new("root");
    let certificate = root.server(&["a.test"]).certificate();
    let seen = Arc::new(Mutex::new(None));
    let mut options = KestrelServerOptions::default();
    let told = Arc::clone(&seen);
    options.listen_with(([127, 0, 0, 1], 0).into(), |endpoint| {
        endpoint.use_proxy_protocol(ProxyProtocolOptions::trusting(["127.0.0.1"]).unwrap());
        endpoint.use_https_with(|https| https.server_certificate = Some(certificate));
        endpoint.use_connection(move |connection, next| {
            let feature = connection.features.get::<dyn ConnectionEndPointFeature>().is_some();
            *told.lock().unwrap() = Some((connection.remote_address(), feature));
            next.run(connection)
        });
    });
    let server = TestServer::start_options(options).await.unwrap();
    let mut socket = tokio::net::TcpStream::connect(server.address).await.unwrap();
    socket.write_all(b"PROXY TCP6 2001:db8::1 2001:db8::2 1000 443\r\n").await.unwrap();
    let mut connection = Client::new(&root).over(socket, "a.test").await.unwrap();
    connection.write_all(b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(*seen.lock().unwrap(), Some((Some("[2001:db8::1]:1000".parse().unwrap()), true)));
    server.stop().await;
}
