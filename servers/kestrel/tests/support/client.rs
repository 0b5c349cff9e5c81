//! A TLS client.

use std::{io, net::SocketAddr, sync::Arc};

use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::certificates::{Authority, Pair};

/// What a client is like; the default trusts one root and offers nothing by ALPN.
pub(crate) struct Client {
    pub(super) config: ClientConfig,
}

pub(crate) type Connection = TlsStream<TcpStream>;

impl Client {
    pub(crate) fn new(root: &Authority) -> Self {
        Self::with(root, rustls::ALL_VERSIONS, None)
    }

    pub(crate) fn with_versions(root: &Authority, versions: &[&'static SupportedProtocolVersion]) -> Self {
        Self::with(root, versions, None)
    }

    pub(crate) fn with_certificate(root: &Authority, pair: &Pair) -> Self {
        Self::with(root, rustls::ALL_VERSIONS, Some(pair))
    }

    pub(crate) fn with(
        root: &Authority,
        versions: &[&'static SupportedProtocolVersion],
        pair: Option<&Pair>,
    ) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(root.der.clone().into()).unwrap();
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let config = match pair {
            None => builder.with_no_client_auth(),
            Some(pair) => builder
                .with_client_auth_cert(
                    vec![pair.der.clone().into()],
                    pair.key_der.clone().try_into().unwrap(),
                )
                .unwrap(),
        };
        Self { config }
    }

    pub(crate) fn offering(mut self, protocols: &[&str]) -> Self {
        self.config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    pub(crate) async fn connect(&self, address: SocketAddr, name: &str) -> io::Result<Connection> {
        self.over(TcpStream::connect(address).await?, name).await
    }

    pub(crate) async fn over<S>(&self, socket: S, name: &str) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        TlsConnector::from(Arc::new(self.config.clone())).connect(name, socket).await
    }

    /// Connects, asks for `path` and reads the answer; keeps nothing.
    pub(crate) async fn get(&self, address: SocketAddr, name: &str, path: &str) -> io::Result<String> {
        get(&mut self.connect(address, name).await?, path).await
    }
}

/// One request that ends its connection; the answer's body.
pub(crate) async fn get(connection: &mut Connection, path: &str) -> io::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    // An end without close_notify is an error here.
    connection.read_to_string(&mut answer).await?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.1 200") => Ok(body.to_owned()),
        _ => Err(io::Error::other(answer)),
    }
}

/// The error that an alert of the server makes, as text.
pub(crate) fn alert<T>(result: io::Result<T>) -> String {
    match result {
        Ok(_) => panic!("it succeeded"),
        Err(error) => error.to_string(),
    }
}
