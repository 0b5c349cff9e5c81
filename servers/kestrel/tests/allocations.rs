//! What a request costs in memory: nothing for features, once a connection has made them.

use std::{any::Any, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use falconry_features::{
    BoxError, BoxFuture, Deadline, FeatureCollection, HostContext, HttpApplication, HttpRequestFeature,
    HttpResponseFeature, Processed, Server, ServerAddressesFeature, write_response,
};
use falconry_kestrel::{KestrelServer, KestrelServerOptions};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
};

/// Allocations of one request: the box of the application's future, and the list in which the client of this test
/// waits for the server's turn.
const PER_REQUEST: u64 = 2;

const REQUEST: &[u8] = b"GET /path?query HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n";

#[test]
fn after_the_first_requests_of_a_connection_no_feature_is_allocated() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (server, address) = runtime.block_on(start());
    let mut client = runtime.block_on(TcpStream::connect(address)).unwrap();
    let warm_up: Vec<_> = (0..100).map(|_| allocations(&runtime, &mut client)).collect();
    let counts: Vec<_> = (0..100).map(|_| allocations(&runtime, &mut client)).collect();
    assert_eq!(counts, vec![PER_REQUEST; 100], "warm-up: {warm_up:?}");
    drop(client);
    runtime.block_on(server.stop(Deadline::never())).unwrap();
}

/// Counts the allocations of this thread, on which client and server run, during one request.
fn allocations(runtime: &Runtime, client: &mut TcpStream) -> u64 {
    allocation_counter::measure(|| runtime.block_on(request(client))).count_total
}

async fn request(client: &mut TcpStream) {
    client.write_all(REQUEST).await.unwrap();
    let mut buffer = [0; 1024];
    let mut length = 0;
    while !buffer[..length].ends_with(b"Hello World!") {
        length += client.read(&mut buffer[length..]).await.unwrap();
    }
    // What comes after the answer belongs to the request, too: the server makes ready for the next.
    tokio::task::yield_now().await;
}

async fn start() -> (KestrelServer, SocketAddr) {
    let mut options = KestrelServerOptions::default();
    options.listen_with(([127, 0, 0, 1], 0).into(), |_| {});
    let server = KestrelServer::new(options);
    server.start(Arc::new(App)).await.unwrap();
    let url = server.features().get::<dyn ServerAddressesFeature>().unwrap().addresses().remove(0);
    let address = url.rsplit('/').next().unwrap().parse().unwrap();
    (server, address)
}

/// Says hello, with a context that is used again.
struct App;

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
    write_response(features, Bytes::from_static(b"Hello World!")).await?;
    Ok(())
}
