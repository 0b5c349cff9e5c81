//! Requests whose ends meet what is under way.

use std::{
    ffi::c_void,
    mem::size_of,
    ptr,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use falconry_features::{
    BoxError, BoxFuture, Deadline, FeatureCollection, HostContext, HttpApplication, HttpRequestFeature,
    HttpRequestLifetimeFeature, PlainRequest, Processed, Server,
};
use falconry_in_process::{BodyLength, InProcessServer, InProcessServerOptions, NativeRequest};
use tokio::runtime::Handle;

use super::{Call, Operations, PolledHost, Sent};
use crate::{
    abi::{Frame, HostTable, Produce, Source, Str},
    export::entry::Log,
};

type Lifetime = Arc<Mutex<Option<Box<dyn HttpRequestLifetimeFeature>>>>;

/// Hands out the request's lifetime and reads its body.
struct Reads(Lifetime);

struct RequestContext(FeatureCollection);

impl HostContext for RequestContext {
    fn features(&self) -> &FeatureCollection {
        &self.0
    }

    fn features_mut(&mut self) -> &mut FeatureCollection {
        &mut self.0
    }
}

impl HttpApplication for Reads {
    fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        Ok(Box::new(RequestContext(features)))
    }

    fn process(&self, mut context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        let lifetime = Arc::clone(&self.0);
        Box::pin(async move {
            let features = context.features_mut();
            *lifetime.lock().unwrap() = features.take::<dyn HttpRequestLifetimeFeature>();
            let mut body = features.required_mut::<dyn HttpRequestFeature>().unwrap().take_body();
            let read = body.data().await;
            let result = read.map_or(Ok(()), |data| data.map(drop));
            Processed { context, result }
        })
    }

    fn dispose_context(&self, mut context: Box<dyn HostContext>, _: Option<&BoxError>) -> FeatureCollection {
        std::mem::take(context.features_mut())
    }
}

/// A body that aborts its request while it is polled, as another thread may.
struct Aborts(Lifetime);

impl Produce for Aborts {
    fn poll(&mut self, _cx: &mut Context<'_>) -> Poll<Frame> {
        self.0.lock().unwrap().take().unwrap().abort();
        Poll::Pending
    }
}

unsafe extern "C" fn log(_: *mut c_void, _: u32, _: Str) {}

#[tokio::test]
async fn a_read_that_is_given_up_while_it_is_served_is_not_waited_for() {
    let lifetime = Lifetime::default();
    let server = InProcessServer::new(InProcessServerOptions::default());
    server.start(Arc::new(Reads(Arc::clone(&lifetime)))).await.unwrap();
    let mut request = NativeRequest::new(PlainRequest::default());
    request.body = BodyLength::Unknown;
    request.full_duplex = true;
    let table = HostTable { size: size_of::<HostTable>() as u32, reserved: 0, context: ptr::null_mut(), log };
    let operations = Operations::new(Log(table));
    let host = PolledHost(Arc::clone(&operations));
    let (task, handle) = server.accept(request, host, &Handle::current()).unwrap();
    let mut response = Source::new(Call {
        task: Some(task),
        handle,
        operations,
        body: Some(Source::new(Aborts(lifetime))),
        stream: None,
        sent: Sent::default(),
        runtime: Handle::current(),
    });
    let polled = response.poll(&Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Frame::Aborted(None))), "{polled:?}");
    drop(response);
    server.stop(Deadline::now()).await.unwrap();
}
