//! The conformance suite inside a worker of nginx: the application that the module loads.
//!
//! A trial brings an application of its own and talks to it over TCP, so trials and applications must be in
//! one process, which is the worker. Each trial's server is one of the ports that nginx listens on.

use std::{
    collections::HashMap,
    io::Write as _,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use falconry_conformance::{Arguments, Capability, Subject};
use falconry_features::{
    BoxError, BoxFuture, Deadline, FeatureCollection, HostContext, HttpApplication, HttpConnectionFeature,
    Processed, Server, ServerAddresses, ServerAddressesFeature, ServerError,
};
use falconry_in_process::Worker;

falconry_nginx::export_app!(run);

async fn run() -> Result<(), BoxError> {
    let ports: Vec<u16> =
        variable("FALCONRY_SUITE_PORTS").split(',').filter_map(|port| port.parse().ok()).collect();
    let arguments = variable("FALCONRY_SUITE_ARGUMENTS");
    let arguments = Arguments::from_iter(["suite"].into_iter().chain(arguments.split_whitespace()));
    let sites = Arc::new(Sites::new(ports));
    let worker = Worker::current().ok_or("this is no worker")?;
    worker.server.start(Arc::new(Router(Arc::clone(&sites)))).await?;
    thread::spawn(move || {
        let subject = Subject::new("nginx", move || Site::new(Arc::clone(&sites)));
        let subject = subject.with_all().without([
            // nginx drops them.
            Capability::RequestTrailers,
            // nginx refuses methods in lower case, `OPTIONS *`, and what leads above the root.
            Capability::AnyRequestLine,
            // What nginx's configuration says, and nginx's own: tests/nginx looks at it.
            Capability::Addresses,
            Capability::StartOnce,
            Capability::GracefulStop,
            Capability::StopDeadline,
        ]);
        let conclusion = falconry_conformance::run_with(&arguments, subject);
        println!("suite: {}", if conclusion.has_failed() { "failed" } else { "passed" });
        let _ = std::io::stdout().flush();
    });
    worker.server.stop_requested().cancelled().await;
    worker.server.stop(Deadline::never()).await?;
    Ok(())
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// The ports, and the applications behind those that are taken.
struct Sites {
    state: Mutex<State>,
    freed: Condvar,
}

struct State {
    free: Vec<u16>,
    applications: HashMap<u16, Arc<dyn HttpApplication>>,
}

impl Sites {
    fn new(free: Vec<u16>) -> Self {
        Self { state: Mutex::new(State { free, applications: HashMap::new() }), freed: Condvar::new() }
    }

    fn take(&self, application: Arc<dyn HttpApplication>) -> u16 {
        let mut state = self.lock();
        loop {
            // Each port rests as long as it can: what still goes on there is of an earlier trial.
            if !state.free.is_empty() {
                let port = state.free.remove(0);
                state.applications.insert(port, application);
                return port;
            }
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn give_back(&self, port: u16) {
        let mut state = self.lock();
        if state.applications.remove(&port).is_some() {
            state.free.push(port);
            self.freed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One trial's server.
struct Site {
    sites: Arc<Sites>,
    features: FeatureCollection,
    addresses: Arc<ServerAddresses>,
    port: Mutex<Option<u16>>,
}

impl Site {
    fn new(sites: Arc<Sites>) -> Self {
        let addresses = Arc::new(ServerAddresses::new());
        let mut features = FeatureCollection::new();
        features.set::<dyn ServerAddressesFeature>(Box::new(Arc::clone(&addresses)));
        Self { sites, features, addresses, port: Mutex::new(None) }
    }

    fn leave(&self) {
        if let Some(port) = self.port.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.sites.give_back(port);
        }
    }
}

#[async_trait::async_trait]
impl Server for Site {
    fn features(&self) -> &FeatureCollection {
        &self.features
    }

    async fn start(&self, application: Arc<dyn HttpApplication>) -> Result<(), ServerError> {
        let port = self.sites.take(application);
        *self.port.lock().unwrap_or_else(PoisonError::into_inner) = Some(port);
        self.addresses.bound(vec![format!("http://127.0.0.1:{port}")]);
        Ok(())
    }

    async fn stop(&self, _deadline: Deadline) -> Result<(), ServerError> {
        self.leave();
        Ok(())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Hands a request to the application of the port that it came to.
struct Router(Arc<Sites>);

struct Routed {
    application: Arc<dyn HttpApplication>,
    context: Box<dyn HostContext>,
}

impl HttpApplication for Router {
    fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        let port = features.required::<dyn HttpConnectionFeature>()?.local_port();
        let application = self.0.lock().applications.get(&port).cloned();
        let application = application.ok_or_else(|| format!("no trial uses port {port}"))?;
        let context = application.create_context(features)?;
        Ok(Box::new(Routed { application, context }))
    }

    fn process(&self, context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        let Routed { application, context } = routed(context);
        let processing = application.process(context);
        Box::pin(async move {
            let Processed { context, result } = processing.await;
            Processed { context: Box::new(Routed { application, context }), result }
        })
    }

    fn dispose_context(&self, context: Box<dyn HostContext>, error: Option<&BoxError>) -> FeatureCollection {
        let Routed { application, context } = routed(context);
        application.dispose_context(context, error)
    }
}

impl HostContext for Routed {
    fn features(&self) -> &FeatureCollection {
        self.context.features()
    }

    fn features_mut(&mut self) -> &mut FeatureCollection {
        self.context.features_mut()
    }
}

fn routed(context: Box<dyn HostContext>) -> Routed {
    *(context as Box<dyn std::any::Any>).downcast().expect("the contexts are this router's")
}
