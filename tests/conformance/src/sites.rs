//! Servers for trials that run inside a native worker, which has its ports from elsewhere.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use falconry_features::{
    BoxError, BoxFuture, Deadline, FeatureCollection, HostContext, HttpApplication, HttpConnectionFeature,
    Processed, Server, ServerAddresses, ServerAddressesFeature, ServerError,
};

/// Servers for a [`Subject`](crate::Subject) that lives in a native worker.
///
/// A trial brings an application of its own and talks to it over TCP, so trials and applications must be in one
/// process: the worker. That runs one application, [`application`](Self::application), and listens on ports that
/// were settled before it started; each [`server`](Self::server) is one of them while its trial lasts.
#[derive(Clone)]
pub struct Sites {
    shared: Arc<Shared>,
}

impl Sites {
    /// On these ports of the loopback interface; a trial uses one or two, and several run at once.
    pub fn new(ports: impl IntoIterator<Item = u16>) -> Self {
        let state = State { free: ports.into_iter().collect(), applications: HashMap::new() };
        Self { shared: Arc::new(Shared { state: Mutex::new(state), freed: Condvar::new() }) }
    }

    /// What the worker runs: it hands each request to the trial whose port it came to.
    pub fn application(&self) -> Arc<dyn HttpApplication> {
        Arc::new(Router(Arc::clone(&self.shared)))
    }

    /// The server of one trial.
    pub fn server(&self) -> impl Server + use<> {
        Site::new(Arc::clone(&self.shared))
    }
}

impl fmt::Debug for Sites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sites").field("free", &self.shared.lock().free).finish_non_exhaustive()
    }
}

/// The ports, and the applications behind those that are taken.
struct Shared {
    state: Mutex<State>,
    freed: Condvar,
}

struct State {
    free: Vec<u16>,
    applications: HashMap<u16, Arc<dyn HttpApplication>>,
}

impl Shared {
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
    sites: Arc<Shared>,
    features: FeatureCollection,
    addresses: Arc<ServerAddresses>,
    port: Mutex<Option<u16>>,
}

impl Site {
    fn new(sites: Arc<Shared>) -> Self {
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

#[async_trait]
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
struct Router(Arc<Shared>);

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
    let routed = (context as Box<dyn std::any::Any>).downcast();
    *routed.unwrap_or_else(|_| unreachable!("the contexts are this router's"))
}
