//! HTTP/1 connections in memory, where time stands still unless a test lets it go on.

mod age;
mod bodies;
mod deadlines;
mod upgrades;

use std::{sync::Arc, time::Duration};

use falconry_features::{
    BoxError, BoxFuture, FeatureCollection, HostContext, HttpApplication, HttpRequestFeature, Processed,
    write_response,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    task::JoinHandle,
};

use crate::{
    KestrelServerLimits, KestrelServerOptions,
    connection::{ConnectionShared, live},
    server::ServerShared,
    transport::{Endpoints, Transport},
};

impl Transport for DuplexStream {
    fn reset_on_close(&self) {}
}

/// A client of a served connection.
struct Client {
    stream: DuplexStream,
    served: JoinHandle<()>,
}

impl Client {
    /// Serves an application that answers with what it was sent, through a pipe of `room` bytes.
    fn connect(room: usize, limit: impl FnOnce(&mut KestrelServerLimits)) -> Self {
        let mut options = KestrelServerOptions::default();
        limit(&mut options.limits);
        let features = Arc::new(FeatureCollection::new());
        let server = Arc::new(ServerShared::new(Arc::new(options), features, Arc::new(Echo)));
        let connection = ConnectionShared::new(server, Endpoints::default(), "http");
        let (stream, served) = tokio::io::duplex(room);
        let served = live(super::serve(served, Arc::clone(&connection)), &connection);
        Self { stream, served: tokio::spawn(served) }
    }

    async fn send(&mut self, data: &str) {
        self.stream.write_all(data.as_bytes()).await.unwrap();
    }

    /// Everything until the server ends its side; an end by force counts as one.
    async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest).await;
        String::from_utf8(rest).unwrap()
    }

    async fn read(&mut self, count: usize) -> usize {
        let mut data = vec![0; count];
        self.stream.read_exact(&mut data).await.unwrap()
    }
}

/// Lets what is ready happen, and time pass.
async fn wait(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Answers with the request's body; to `/big`, with a megabyte; to other paths, as the tests there say.
struct Echo;

struct Context(FeatureCollection);

impl HostContext for Context {
    fn features(&self) -> &FeatureCollection {
        &self.0
    }

    fn features_mut(&mut self) -> &mut FeatureCollection {
        &mut self.0
    }
}

impl HttpApplication for Echo {
    fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        Ok(Box::new(Context(features)))
    }

    fn process(&self, mut context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        Box::pin(async move {
            let result = answer(context.features_mut()).await;
            Processed { context, result }
        })
    }

    fn dispose_context(&self, mut context: Box<dyn HostContext>, _: Option<&BoxError>) -> FeatureCollection {
        std::mem::take(context.features_mut())
    }
}

async fn answer(features: &mut FeatureCollection) -> Result<(), BoxError> {
    let request = features.required_mut::<dyn HttpRequestFeature>()?;
    if request.path() == "/big" {
        let piece = bytes::Bytes::from(vec![b'x'; 1024]);
        for _ in 0..1024 {
            write_response(features, piece.clone()).await?;
        }
        return Ok(());
    }
    if request.path() == "/upgrade" {
        return upgrades::echo(features).await;
    }
    if request.path() != "/" {
        let path = request.path().to_owned();
        let whole = bodies::answer(&path, features).await?;
        return Ok(write_response(features, whole.into()).await?);
    }
    let mut whole = bodies::read(request.take_body()).await?;
    whole.push(b'.');
    write_response(features, whole.into()).await?;
    Ok(())
}
