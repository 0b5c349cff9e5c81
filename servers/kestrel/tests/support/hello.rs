//! An application that says hello, with a context that is used again, and a server for it.

use std::{any::Any, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use falconry_features::{
    BoxError, BoxFuture, FeatureCollection, HostContext, HttpApplication, HttpRequestFeature,
    HttpResponseFeature, Processed, Server, ServerAddressesFeature, write_response,
};
use falconry_kestrel::{KestrelServer, KestrelServerOptions};

pub(crate) const REQUEST: &[u8] =
    b"GET /path?query HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n";

/// The end of the answer.
pub(crate) const BODY: &[u8] = b"Hello World!";

pub(crate) async fn start() -> (KestrelServer, SocketAddr) {
    let mut options = KestrelServerOptions::default();
    options.listen_with(([127, 0, 0, 1], 0).into(), |_| {});
    let server = KestrelServer::new(options);
    server.start(Arc::new(App)).await.unwrap();
    let url = server.features().get::<dyn ServerAddressesFeature>().unwrap().addresses().remove(0);
    let address = url.rsplit('/').next().unwrap().parse().unwrap();
    (server, address)
}

/// Says hello, with a context that is used again.
pub(crate) struct App;

#[derive(Default)]
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
    fn create_context(&self, mut features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        let kept = features.take_host_context().and_then(|context| context.downcast::<Context>().ok());
        let mut context = kept.unwrap_or_default();
        context.0 = features;
        Ok(context)
    }

    fn process(&self, mut context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        Box::pin(async move {
            let result = answer(context.features_mut()).await;
            Processed { context, result }
        })
    }

    fn dispose_context(&self, mut context: Box<dyn HostContext>, _: Option<&BoxError>) -> FeatureCollection {
        let mut features = std::mem::take(context.features_mut());
        if let Ok(context) = (context as Box<dyn Any>).downcast::<Context>() {
            features.set_host_context(context);
        }
        features
    }
}

async fn answer(features: &mut FeatureCollection) -> Result<(), BoxError> {
    let request = features.required::<dyn HttpRequestFeature>()?;
    assert_eq!((request.path(), request.query_string()), ("/path", "?query"));
    let fields = features.required_mut::<dyn HttpResponseFeature>()?.headers_mut()?;
    fields.insert("content-type", http::HeaderValue::from_static("text/plain"));
    write_response(features, Bytes::from_static(BODY)).await?;
    Ok(())
}
