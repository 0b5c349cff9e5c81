//! The module on an endpoint with TLS, for clients of HTTP/3.

use std::sync::Arc;

use falconry::Pipeline;
use falconry_conformance::contract;
use falconry_kestrel::{HttpProtocols, KestrelServerOptions};
use rustls::RootCertStore;

use crate::{
    certificates::{Authority, Folder},
    support::Running,
};

/// What the certificate is for.
pub(crate) const NAME: &str = "a.test";

/// The module and the application behind it.
pub(crate) struct Encrypted {
    pub(crate) running: Running,
    root: Authority,
}

impl Encrypted {
    pub(crate) async fn start() -> Self {
        Self::with_app(contract::app()).await
    }

    pub(crate) async fn with_app(app: Pipeline) -> Self {
        let root = Authority::new("root");
        let mut options = KestrelServerOptions::default();
        options.listen_with(([127, 0, 0, 1], 0).into(), |endpoint| {
            endpoint.protocols = HttpProtocols::HTTP1_AND_HTTP2_AND_HTTP3;
            endpoint.use_https_with(|https| {
                https.server_certificate = Some(root.server(&[NAME]).certificate());
            });
        });
        Self { running: Running::with_app(options, app).await, root }
    }

    /// Writes the certificate that clients must trust.
    pub(crate) fn write_root(&self, folder: &Folder) -> std::path::PathBuf {
        let file = folder.0.join("root.pem");
        std::fs::write(&file, &self.root.pem).unwrap();
        file
    }

    /// A connection for HTTP/3.
    pub(crate) async fn quic(&self) -> quinn::Connection {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der.clone().into()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h3".to_vec()];
        let quic = quinn::crypto::rustls::QuicClientConfig::try_from(tls).unwrap();
        let mut endpoint = quinn::Endpoint::client(([127, 0, 0, 1], 0).into()).unwrap();
        endpoint.set_default_client_config(quinn::ClientConfig::new(Arc::new(quic)));
        endpoint.connect(self.running.address(), NAME).unwrap().await.unwrap()
    }
}
