//! The contract app on Kestrel, with a witness of how requests end.

use std::{
    net::SocketAddr,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use falconry::{
    HttpContext, Middleware, Next, Pipeline, Result, WebHost,
    features::{BoxFuture, Deadline},
};
use falconry_conformance::contract;
use falconry_kestrel::KestrelServerOptions;
use tokio::runtime::Runtime;

use crate::client::PATIENCE;

/// A running Kestrel.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) witness: Witness,
    runtime: Option<Runtime>,
    host: WebHost,
}

impl Site {
    /// Starts the contract app on a free port.
    pub(crate) fn start(configure: impl FnOnce(&mut KestrelServerOptions) + Send + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("the system gives threads");
        let witness = Witness::default();
        let contract = contract::app();
        let app = Pipeline::new().use_(witness.clone()).run(contract);
        let host = WebHost::builder()
            .server_named("kestrel")
            .urls("http://127.0.0.1:0")
            .kestrel(configure)
            .suppress_status_messages(true)
            .build(app)
            .unwrap();
        runtime.block_on(host.start()).unwrap();
        let address = host.addresses()[0].trim_start_matches("http://").parse().unwrap();
        Self { address, witness, runtime: Some(runtime), host }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            let _ = runtime.block_on(self.host.stop(Deadline::now()));
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    }
}

/// Middleware that notes how each request ended. Clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Witness(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    events: Mutex<Vec<Event>>,
    added: Condvar,
}

/// Something that happened to a request for a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Event {
    Began(String),
    /// The handler returned without an error, and nobody had left by then.
    Completed(String),
    /// The handler failed, or was dropped before it could end.
    Aborted(String),
}

impl Witness {
    /// Waits until so many requests for the path have begun.
    pub(crate) fn wait_for_begins(&self, path: &str, count: usize) {
        self.wait(&Event::Began(path.to_owned()), count);
    }

    /// Waits until a request for the path was answered as a whole.
    pub(crate) fn wait_for_completion(&self, path: &str) {
        self.wait(&Event::Completed(path.to_owned()), 1);
    }

    /// Waits until so many requests for the path were aborted.
    pub(crate) fn wait_for_aborts(&self, path: &str, count: usize) {
        self.wait(&Event::Aborted(path.to_owned()), count);
    }

    fn wait(&self, event: &Event, count: usize) {
        let came = |events: &[Event]| events.iter().filter(|one| *one == event).count();
        let events = self.0.events.lock().unwrap();
        let (events, _) =
            self.0.added.wait_timeout_while(events, PATIENCE, |events| came(events) < count).unwrap();
        let (came, last) = (came(&events), events.last());
        assert!(came >= count, "{event:?} came {came} times instead of {count}; last came {last:?}");
    }

    fn push(&self, event: Event) {
        self.0.events.lock().unwrap().push(event);
        self.0.added.notify_all();
    }
}

impl Middleware for Witness {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, Result> {
        Box::pin(async move {
            let path = ctx.request().path().to_owned();
            self.push(Event::Began(path.clone()));
            let mut watch = Watch { witness: self, end: Some(Event::Aborted(path.clone())) };
            let client_left = ctx.request_aborted();
            let result = next.run(ctx).await;
            if result.is_ok() && !client_left.is_cancelled() {
                watch.end = Some(Event::Completed(path));
            }
            result
        })
    }
}

/// Notes the end of a request, also if its future is dropped.
struct Watch<'a> {
    witness: &'a Witness,
    end: Option<Event>,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            self.witness.push(end);
        }
    }
}
