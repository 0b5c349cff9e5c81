//! An application, a sink and an order book for the tests of the request path.

#![allow(dead_code, reason = "each test file uses a part")]

use std::{
    any::Any,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use falconry_features::{
    BodyFraming, BoxError, BoxFuture, CancellationToken, FeatureCollection, FeatureError, HostContext,
    HttpApplication, HttpRequestFeature, HttpRequestLifetimeFeature, HttpResponseBodyFeature,
    HttpResponseFeature, HttpResponseTrailersFeature, PlainRequest, PlainRequestLifetime, PlainResponse,
    PlainResponseBody, PlainResponseTrailers, Processed, RequestOutcome, ResponseHead, ResponseSink,
    run_request,
};
use http::{HeaderMap, Method};

/// Runs a future that never has to wait.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

/// What happened, in order. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn note(&self, event: impl Into<String>) {
        self.0.lock().unwrap().push(event.into());
    }

    pub(crate) fn events(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

pub(crate) type Handler =
    Arc<dyn for<'a> Fn(&'a mut FeatureCollection) -> BoxFuture<'a, Result<(), BoxError>> + Send + Sync>;

/// An application of one handler that notes the three steps.
pub(crate) struct TestApp {
    pub(crate) log: Log,
    pub(crate) handler: Handler,
    pub(crate) creation_error: Option<&'static str>,
}

impl TestApp {
    pub(crate) fn new<H>(log: &Log, handler: H) -> Self
    where
        H: for<'a> Fn(&'a mut FeatureCollection) -> BoxFuture<'a, Result<(), BoxError>>
            + Send
            + Sync
            + 'static,
    {
        Self { log: log.clone(), handler: Arc::new(handler), creation_error: None }
    }
}

struct TestContext(FeatureCollection);

impl HostContext for TestContext {
    fn features(&self) -> &FeatureCollection {
        &self.0
    }

    fn features_mut(&mut self) -> &mut FeatureCollection {
        &mut self.0
    }
}

impl HttpApplication for TestApp {
    fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        self.log.note("create");
        match self.creation_error {
            Some(error) => Err(error.into()),
            None => Ok(Box::new(TestContext(features))),
        }
    }

    fn process(&self, mut context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        let (log, handler) = (self.log.clone(), Arc::clone(&self.handler));
        Box::pin(async move {
            log.note("process");
            let result = handler(context.features_mut()).await;
            Processed { context, result }
        })
    }

    fn dispose_context(&self, context: Box<dyn HostContext>, error: Option<&BoxError>) -> FeatureCollection {
        self.log.note(error.map_or_else(|| "dispose".to_owned(), |error| format!("dispose: {error}")));
        let context: Box<dyn Any> = context;
        context.downcast::<TestContext>().unwrap().0
    }
}

/// Notes what a server would put on the wire.
pub(crate) struct TestSink(pub(crate) Log);

impl ResponseSink for TestSink {
    fn poll_head(
        &mut self,
        _cx: &mut Context<'_>,
        head: &ResponseHead,
        framing: BodyFraming,
    ) -> Poll<Result<(), FeatureError>> {
        let fields: Vec<_> =
            head.headers.iter().map(|(name, value)| format!(" {name}={}", value.to_str().unwrap())).collect();
        self.0.note(format!("head {} {framing:?}{}", head.status.as_u16(), fields.concat()));
        Poll::Ready(Ok(()))
    }

    fn poll_data(&mut self, _cx: &mut Context<'_>, data: &mut Bytes) -> Poll<Result<(), FeatureError>> {
        self.0.note(format!("data {}", String::from_utf8_lossy(&std::mem::take(data))));
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        self.0.note("flush");
        Poll::Ready(Ok(()))
    }

    fn poll_end(
        &mut self,
        _cx: &mut Context<'_>,
        trailers: Option<&HeaderMap>,
    ) -> Poll<Result<(), FeatureError>> {
        self.0.note(trailers.map_or_else(|| "end".to_owned(), |trailers| format!("end {trailers:?}")));
        Poll::Ready(Ok(()))
    }
}

/// The features of a minimal server, with trailers and a lifetime that notes an abort.
pub(crate) fn features(log: &Log, method: Method) -> FeatureCollection {
    let mut features = FeatureCollection::new();
    let request = PlainRequest { method: method.clone(), ..PlainRequest::default() };
    features.set::<dyn HttpRequestFeature>(Box::new(request));
    features.set::<dyn HttpResponseFeature>(Box::<PlainResponse>::default());
    let body = PlainResponseBody::new(method, TestSink(log.clone()));
    features.set::<dyn HttpResponseBodyFeature>(Box::new(body));
    features.set::<dyn HttpResponseTrailersFeature>(Box::<PlainResponseTrailers>::default());
    let (token, aborted) = (CancellationToken::new(), log.clone());
    token.on_cancelled(move || aborted.note("abort"));
    features.set::<dyn HttpRequestLifetimeFeature>(Box::new(PlainRequestLifetime::new(token)));
    features
}

/// Runs one GET with a minimal server and this handler.
pub(crate) fn serve<H>(handler: H) -> (RequestOutcome, Vec<String>)
where
    H: for<'a> Fn(&'a mut FeatureCollection) -> BoxFuture<'a, Result<(), BoxError>> + Send + Sync + 'static,
{
    let log = Log::default();
    let app = TestApp::new(&log, handler);
    let outcome = now(run_request(&app, features(&log, Method::GET)));
    (outcome, log.events())
}
