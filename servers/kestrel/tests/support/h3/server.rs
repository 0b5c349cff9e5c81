//! A server on a port of its own.

use std::{net::SocketAddr, sync::Arc};

use falconry_features::{Deadline, Server as _, ServerAddressesFeature};
use falconry_kestrel::{
    HttpProtocols, HttpsOptions, KestrelConfiguration, KestrelServer, KestrelServerLimits,
    KestrelServerOptions, ListenOptions,
};
use rustls::RootCertStore;
use tokio::task::JoinHandle;

use super::{
    Client, Raw,
    app::App,
    certificates::{Authority, Pair},
};

/// A running server for `a.test`; aborted by a drop.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) app: Arc<App>,
    pub(crate) root: Authority,
    kestrel: Arc<KestrelServer>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}, |_| {}).await
    }

    pub(crate) async fn with_limits(configure: impl FnOnce(&mut KestrelServerLimits)) -> Self {
        Self::with(|options| configure(&mut options.limits), |_| {}).await
    }

    pub(crate) async fn with(
        configure: impl FnOnce(&mut KestrelServerOptions),
        endpoint: impl FnOnce(&mut ListenOptions),
    ) -> Self {
        Self::with_https(configure, endpoint, |_, _| {}).await
    }

    pub(crate) async fn with_https(
        configure: impl FnOnce(&mut KestrelServerOptions),
        endpoint: impl FnOnce(&mut ListenOptions),
        https: impl FnOnce(&mut HttpsOptions, &Authority),
    ) -> Self {
        let root = Authority::new("root");
        let mut options = KestrelServerOptions::default();
        configure(&mut options);
        options.listen_with(([127, 0, 0, 1], 0).into(), |listen| {
            listen.protocols = HttpProtocols::HTTP1_AND_HTTP2_AND_HTTP3;
            listen.use_https_with(|options| {
                options.server_certificate = Some(root.server(&["a.test"]).certificate());
                https(options, &root);
            });
            endpoint(listen);
        });
        let kestrel = Arc::new(KestrelServer::new(options));
        let app = Arc::new(App::default());
        kestrel.start(Arc::clone(&app) as _).await.unwrap();
        let url = kestrel.features().get::<dyn ServerAddressesFeature>().unwrap().addresses().remove(0);
        let address = url.rsplit('/').next().unwrap().parse().unwrap();
        Self { address, app, root, kestrel }
    }

    /// Gives it another configuration.
    pub(crate) async fn reconfigure(&self, settings: &[(&str, &str)]) {
        let settings = KestrelConfiguration::new(settings.iter().copied());
        self.kestrel.reconfigure(settings).await.unwrap();
    }

    /// Begins to stop.
    pub(crate) fn stop(&self, deadline: Deadline) -> JoinHandle<()> {
        let kestrel = Arc::clone(&self.kestrel);
        tokio::spawn(async move { kestrel.stop(deadline).await.unwrap() })
    }

    /// A client that has exchanged settings.
    pub(crate) async fn client(&self) -> Client {
        Client::new(self.quic().await).await
    }

    /// A client of single frames.
    pub(crate) async fn raw(&self) -> Raw {
        Raw::new(self.quic().await).await
    }

    pub(crate) async fn quic(&self) -> quinn::Connection {
        self.connect("a.test", None, "h3").await.unwrap()
    }

    pub(crate) async fn connect(
        &self,
        name: &str,
        certificate: Option<&Pair>,
        alpn: &str,
    ) -> Result<quinn::Connection, quinn::ConnectionError> {
        let config = quinn::ClientConfig::new(Arc::new(
            quinn::crypto::rustls::QuicClientConfig::try_from(self.tls(certificate, alpn)).unwrap(),
        ));
        let mut endpoint = quinn::Endpoint::client(([127, 0, 0, 1], 0).into()).unwrap();
        endpoint.set_default_client_config(config);
        endpoint.connect(self.address, name).unwrap().await
    }

    /// What a client of TLS goes by.
    pub(crate) fn tls(&self, certificate: Option<&Pair>, alpn: &str) -> rustls::ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der.clone().into()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots);
        let mut tls = match certificate {
            None => builder.with_no_client_auth(),
            Some(pair) => builder
                .with_client_auth_cert(
                    vec![pair.der.clone().into()],
                    pair.key_der.clone().try_into().unwrap(),
                )
                .unwrap(),
        };
        tls.alpn_protocols = vec![alpn.as_bytes().to_vec()];
        tls
    }
}
