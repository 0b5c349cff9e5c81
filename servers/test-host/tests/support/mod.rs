//! A small application for the tests, straight over the contract.

#![allow(dead_code, reason = "each test program uses its part")]

use std::sync::{Arc, Mutex};

use falconry_features::{
    BoxError, BoxFuture, FeatureCollection, HostContext, HttpApplication, HttpRequestFeature, Processed,
    Server,
};
use falconry_test_host::{TestClient, TestServer, TestServerOptions};

type Handler = dyn for<'a> Fn(&'a mut FeatureCollection) -> BoxFuture<'a, Result<(), BoxError>> + Send + Sync;

/// What happened, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn add(&self, event: impl Into<String>) {
        self.0.lock().unwrap().push(event.into());
    }

    pub(crate) fn events(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// An application made of a closure, which notes its three steps.
pub(crate) struct App {
    handler: Arc<Handler>,
    pub(crate) log: Log,
}

pub(crate) fn app<F>(handler: F) -> Arc<App>
where
    F: for<'a> Fn(&'a mut FeatureCollection) -> BoxFuture<'a, Result<(), BoxError>> + Send + Sync + 'static,
{
    app_with_log(Log::default(), handler)
}

/// An application whose steps go into the same log as what the closure notes.
pub(crate) fn app_with_log<F>(log: Log, handler: F) -> Arc<App>
where
    F: for<'a> Fn(&'a mut FeatureCollection) -> BoxFuture<'a, Result<(), BoxError>> + Send + Sync + 'static,
{
    Arc::new(App { handler: Arc::new(handler), log })
}

/// A started server with default options, which must be kept, and a client.
pub(crate) async fn serve<F>(handler: F) -> (TestServer, TestClient)
where
    F: for<'a> Fn(&'a mut FeatureCollection) -> BoxFuture<'a, Result<(), BoxError>> + Send + Sync + 'static,
{
    serve_with(TestServerOptions::default(), app(handler)).await
}

pub(crate) async fn serve_with(options: TestServerOptions, app: Arc<App>) -> (TestServer, TestClient) {
    let server = TestServer::with_options(options).unwrap();
    server.start(app).await.unwrap();
    let client = server.client();
    (server, client)
}

/// Reads the request's body to its end.
pub(crate) async fn read_body(features: &mut FeatureCollection) -> Result<Vec<u8>, BoxError> {
    let body = features.required_mut::<dyn HttpRequestFeature>()?.body_mut();
    let mut all = Vec::new();
    while let Some(data) = body.data().await {
        all.extend_from_slice(&data?);
    }
    Ok(all)
}

struct Context {
    features: FeatureCollection,
    log: Log,
    is_disposed: bool,
}

impl HostContext for Context {
    fn features(&self) -> &FeatureCollection {
        &self.features
    }

    fn features_mut(&mut self) -> &mut FeatureCollection {
        &mut self.features
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if !self.is_disposed {
            self.log.add("abandoned");
        }
    }
}

impl HttpApplication for App {
    fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        self.log.add("create");
        let path = features.required::<dyn HttpRequestFeature>()?.path();
        if path == "/no-context" {
            return Err("no context".into());
        }
        Ok(Box::new(Context { features, log: self.log.clone(), is_disposed: false }))
    }

    fn process(&self, mut context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        self.log.add("process");
        let handler = Arc::clone(&self.handler);
        Box::pin(async move {
            let result = handler(context.features_mut()).await;
            Processed { context, result }
        })
    }

    fn dispose_context(&self, context: Box<dyn HostContext>, error: Option<&BoxError>) -> FeatureCollection {
        self.log.add(match error {
            Some(error) => format!("dispose: {error}"),
            None => "dispose".to_owned(),
        });
        let context: Box<dyn std::any::Any> = context;
        let mut context = context.downcast::<Context>().unwrap();
        context.is_disposed = true;
        std::mem::take(&mut context.features)
    }
}
