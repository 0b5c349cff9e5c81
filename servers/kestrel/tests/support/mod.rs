//! A server, its application, certificates and clients for the tests of TLS.
#![allow(dead_code, reason = "each test program uses a part")]

mod any_name;
pub(crate) mod certificates;
pub(crate) mod client;

use std::{fmt::Write, future::poll_fn, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use falconry_features::{
    BoxError, BoxFuture, ConnectionMetricsTagsFeature, Deadline, DecrementConcurrentConnectionCountFeature,
    FeatureCollection, HostContext, HttpApplication, HttpRequestFeature, HttpRequestLifetimeFeature,
    HttpResponseBodyFeature, Processed, Server, ServerAddressesFeature, ServerError,
    TlsApplicationProtocolFeature, TlsConnectionFeature, TlsHandshakeFeature,
};
use falconry_kestrel::{HttpsOptions, KestrelServer, KestrelServerOptions, ListenOptions};

/// A running server; stopped by [`stop`](Self::stop), aborted by a drop.
pub(crate) struct TestServer {
    pub(crate) kestrel: KestrelServer,
    pub(crate) address: SocketAddr,
}

impl TestServer {
    /// Listens on a free port of loopback.
    pub(crate) async fn start(configure: impl FnOnce(&mut HttpsOptions)) -> Self {
        Self::start_endpoint(|endpoint| {
            endpoint.use_https_with(configure);
        })
        .await
    }

    pub(crate) async fn start_endpoint(configure: impl FnOnce(&mut ListenOptions)) -> Self {
        let mut options = KestrelServerOptions::default();
        options.listen_with(([127, 0, 0, 1], 0).into(), configure);
        Self::start_options(options).await.unwrap()
    }

    pub(crate) async fn start_options(options: KestrelServerOptions) -> Result<Self, ServerError> {
        let kestrel = start(options).await?;
        let url = kestrel.features().get::<dyn ServerAddressesFeature>().unwrap().addresses().remove(0);
        let address = url.rsplit('/').next().unwrap().parse().unwrap();
        Ok(Self { kestrel, address })
    }

    pub(crate) async fn stop(self) {
        self.kestrel.stop(Deadline::never()).await.unwrap();
    }
}

/// A server that runs the tests' application.
pub(crate) async fn start(options: KestrelServerOptions) -> Result<KestrelServer, ServerError> {
    let kestrel = KestrelServer::new(options);
    kestrel.start(Arc::new(App)).await?;
    Ok(kestrel)
}

/// Why a server with such an endpoint does not start.
pub(crate) async fn refusal(configure: impl FnOnce(&mut HttpsOptions)) -> String {
    let mut options = KestrelServerOptions::default();
    options.listen_with(([127, 0, 0, 1], 0).into(), |endpoint| {
        endpoint.use_https_with(configure);
    });
    match TestServer::start_options(options).await {
        Ok(_) => panic!("the server has started"),
        Err(error) => {
            assert!(error.is_options(), "{error}");
            error.to_string()
        }
    }
}

/// The application of these tests.
pub(crate) fn app() -> Arc<dyn HttpApplication> {
    Arc::new(App)
}

/// Tells what it was told of the connection.
struct App;

struct Context(FeatureCollection);

impl HostContext for Context {
    fn features(&self) -> &FeatureCollection {
        &self.0
    }

    fn features_mut(&mut self) -> &mut FeatureCollection {
        &mut self.0
    }
}

impl HttpApplication for App {
    fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        Ok(Box::new(Context(features)))
    }

    fn process(&self, mut context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        Box::pin(async move {
            let result = respond(context.features_mut()).await;
            Processed { context, result }
        })
    }

    fn dispose_context(&self, context: Box<dyn HostContext>, _error: Option<&BoxError>) -> FeatureCollection {
        let context: Box<dyn std::any::Any> = context;
        context.downcast::<Context>().unwrap().0
    }
}

async fn respond(features: &mut FeatureCollection) -> Result<(), BoxError> {
    let path = features.required::<dyn HttpRequestFeature>()?.path().to_owned();
    let mut data = match path.as_str() {
        "/tls" => Bytes::from(describe(features)),
        "/abort" => {
            features.required::<dyn HttpRequestLifetimeFeature>()?.abort();
            Bytes::from_static(b"part")
        }
        "/tag" => {
            features.required::<dyn ConnectionMetricsTagsFeature>()?.tags().set("tenant", "acme");
            Bytes::new()
        }
        "/release" => {
            features.required::<dyn DecrementConcurrentConnectionCountFeature>()?.release_connection();
            Bytes::from_static(b"Hello World!")
        }
        "/big" => Bytes::from(vec![b'x'; 1_000_000]),
        _ => Bytes::from_static(b"Hello World!"),
    };
    let body = features.required_mut::<dyn HttpResponseBodyFeature>()?;
    poll_fn(|cx| body.poll_write(cx, &mut data)).await?;
    Ok(())
}

fn describe(features: &FeatureCollection) -> String {
    let mut text = String::new();
    let scheme = features.get::<dyn HttpRequestFeature>().unwrap().scheme();
    writeln!(text, "scheme={scheme}").unwrap();
    if let Some(handshake) = features.get::<dyn TlsHandshakeFeature>() {
        let version = handshake.protocol().unwrap();
        let suite = handshake.cipher_suite().unwrap();
        writeln!(text, "version={version}\ncipher={suite}\nname={}", handshake.host_name()).unwrap();
    }
    if let Some(application) = features.get::<dyn TlsApplicationProtocolFeature>() {
        let name = String::from_utf8_lossy(application.application_protocol());
        writeln!(text, "alpn={name}").unwrap();
    }
    if let Some(connection) = features.get::<dyn TlsConnectionFeature>() {
        let certificate = connection.client_certificate();
        let length = certificate.map_or(0, |certificate| certificate.der().len());
        writeln!(text, "client={length}").unwrap();
    }
    text
}
