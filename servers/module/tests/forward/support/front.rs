//! The module on Kestrel, with its backend.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, mpsc},
};

use falconry_features::{
    BoxError, BoxFuture, Deadline, FeatureCollection, HostContext, HttpApplication, Processed, Server,
    ServerAddressesFeature,
};
use falconry_kestrel::{KestrelServer, KestrelServerOptions};
use falconry_module::forward::{
    Backend, BackendAddress, ForwardError, ForwardOptions, Forwarded, forward, pages,
};
use tokio::runtime::Runtime;

use super::{PATIENCE, Wire};

/// What is done to the features before they are forwarded.
pub(crate) type Prepare = fn(&mut FeatureCollection);

/// A running module.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    pub(crate) backend: Arc<Backend>,
    server: KestrelServer,
    runtime: Runtime,
    outcomes: Mutex<mpsc::Receiver<Result<Forwarded, ForwardError>>>,
}

impl Front {
    /// In front of the backend of a test, with the defaults.
    pub(crate) fn of(backend: &super::Backend) -> Self {
        Self::with(backend, |_| {})
    }

    /// As [`of`](Self::of), with other options.
    pub(crate) fn with(backend: &super::Backend, change: impl FnOnce(&mut ForwardOptions)) -> Self {
        Self::start(BackendAddress::Tcp(backend.address()), change, |_| {})
    }

    pub(crate) fn start(
        backend: BackendAddress,
        change: impl FnOnce(&mut ForwardOptions),
        prepare: Prepare,
    ) -> Self {
        let mut options = ForwardOptions::default();
        change(&mut options);
        let backend = Arc::new(Backend::new(backend));
        let (sender, outcomes) = mpsc::channel();
        let application = Forwarding { backend: Arc::clone(&backend), options, prepare, outcomes: sender };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let mut kestrel = KestrelServerOptions::default();
        kestrel.listen(SocketAddr::from(([127, 0, 0, 1], 0)));
        kestrel.add_server_header = false;
        let server = KestrelServer::new(kestrel);
        runtime.block_on(server.start(Arc::new(application))).expect("it starts");
        let addresses = server.features().get::<dyn ServerAddressesFeature>().unwrap().addresses();
        let address = addresses[0].trim_start_matches("http://").parse().unwrap();
        Self { address, backend, server, runtime, outcomes: Mutex::new(outcomes) }
    }

    #[track_caller]
    pub(crate) fn client(&self) -> Wire {
        Wire::connect(self.address)
    }

    /// How the next request ended.
    #[track_caller]
    pub(crate) fn outcome(&self) -> Result<Forwarded, ForwardError> {
        let outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        outcomes.recv_timeout(PATIENCE).expect("a request ends")
    }

    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.runtime.block_on(self.server.stop(Deadline::now()));
    }
}

struct Forwarding {
    backend: Arc<Backend>,
    options: ForwardOptions,
    prepare: Prepare,
    outcomes: mpsc::Sender<Result<Forwarded, ForwardError>>,
}

struct Context(FeatureCollection);

impl HostContext for Context {
    fn features(&self) -> &FeatureCollection {
        &self.0
    }

    fn features_mut(&mut self) -> &mut FeatureCollection {
        &mut self.0
    }
}

impl HttpApplication for Forwarding {
    fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        Ok(Box::new(Context(features)))
    }

    fn process(&self, mut context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        let (backend, options) = (Arc::clone(&self.backend), self.options.clone());
        let (prepare, outcomes) = (self.prepare, self.outcomes.clone());
        Box::pin(async move {
            let features = context.features_mut();
            prepare(features);
            let outcome = forward(features, &backend, &options).await;
            let result = match &outcome {
                Ok(_) => Ok(()),
                Err(error) => pages::answer_error(features, error).await.map_err(Into::into),
            };
            // A test that does not ask has ended.
            let _ = outcomes.send(outcome);
            Processed { context, result }
        })
    }

    fn dispose_context(&self, mut context: Box<dyn HostContext>, _: Option<&BoxError>) -> FeatureCollection {
        std::mem::take(context.features_mut())
    }
}
