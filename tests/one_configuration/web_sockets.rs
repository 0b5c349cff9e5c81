//! WebSockets with tungstenite.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{client_async, tungstenite::Message};

use crate::program::{NAME, Program};

/// Long enough for a busy machine; a test that needs it has failed.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn in_clear(program: &Program) {
    run(async {
        let stream = TcpStream::connect(program.clear).await.unwrap();
        echo("ws", stream).await;
    });
}

pub(crate) fn over_tls(program: &Program) {
    let mut roots = RootCertStore::empty();
    roots.add(program.root.der.clone().into()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    run(async {
        let stream = TcpStream::connect(program.secure).await.unwrap();
        let name = ServerName::try_from(NAME).unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        echo("wss", stream).await;
    });
}

async fn echo<S: AsyncRead + AsyncWrite + Unpin>(scheme: &str, stream: S) {
    let (mut client, _) = client_async(format!("{scheme}://{NAME}/ws"), stream).await.unwrap();
    for message in [Message::text("hello"), Message::binary(vec![7; 300_000])] {
        client.send(message.clone()).await.unwrap();
        assert!(client.next().await.unwrap().unwrap() == message);
    }
    client.close(None).await.unwrap();
    while client.next().await.is_some() {}
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { timeout(PATIENCE, test).await.expect("it ends in time") });
}
