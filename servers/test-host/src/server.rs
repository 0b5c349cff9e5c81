//! [`TestServer`]: the server without a socket.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use falconry_features::{
    Deadline, FeatureCollection, HttpApplication, Server, ServerAddresses, ServerAddressesFeature,
    ServerError,
};

use crate::{TestClient, TestError, TestServerOptions, options::BaseAddress};

/// The in-memory [`Server`].
///
/// See the [crate's page](crate) for an example and for how requests run.
pub struct TestServer {
    shared: Arc<Shared>,
    addresses: Arc<ServerAddresses>,
}

/// What the server and its clients share.
pub(crate) struct Shared {
    pub(crate) options: TestServerOptions,
    pub(crate) base: BaseAddress,
    pub(crate) features: Arc<FeatureCollection>,
    state: Mutex<State>,
    connections: AtomicU64,
}

enum State {
    New,
    Started(Arc<dyn HttpApplication>),
    Disposed,
}

impl TestServer {
    /// A server with the default options.
    pub fn new() -> Self {
        Self::with_options(TestServerOptions::default()).expect("the default base address is absolute")
    }

    /// A server with `options`.
    ///
    /// # Errors
    /// Options: the base address is not an absolute `http` or `https` URI.
    pub fn with_options(options: TestServerOptions) -> Result<Self, ServerError> {
        let addresses = Arc::new(ServerAddresses::new());
        let mut features = FeatureCollection::new();
        features.set::<dyn ServerAddressesFeature>(Box::new(Arc::clone(&addresses)));
        let shared = Shared {
            base: BaseAddress::new(&options.base_address)?,
            options,
            features: Arc::new(features),
            state: Mutex::new(State::New),
            connections: AtomicU64::new(0),
        };
        Ok(Self { shared: Arc::new(shared), addresses })
    }

    /// A client of this server. It may be made before the start; its requests fail until then.
    ///
    /// A client stands for one connection: its requests share a connection identifier, unless
    /// [`RequestBuilder::connection`](crate::RequestBuilder::connection) says otherwise.
    pub fn client(&self) -> TestClient {
        TestClient::new(Arc::clone(&self.shared))
    }

    /// Lets go of the application: every later request fails. Requests under way are not touched.
    /// Dropping the server does the same.
    pub fn dispose(&self) {
        let before = std::mem::replace(&mut *self.shared.lock(), State::Disposed);
        drop(before);
    }
}

impl Default for TestServer {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.dispose();
    }
}

impl fmt::Debug for TestServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestServer").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

#[async_trait]
impl Server for TestServer {
    fn features(&self) -> &FeatureCollection {
        &self.shared.features
    }

    /// Stores the application; a second start replaces it. No address is bound, so none is reported.
    async fn start(&self, application: Arc<dyn HttpApplication>) -> Result<(), ServerError> {
        {
            let mut state = self.shared.lock();
            if matches!(*state, State::Disposed) {
                return Err(ServerError::invalid_state("the test server has been disposed; make a new one"));
            }
            *state = State::Started(application);
        }
        self.addresses.bound(Vec::new());
        Ok(())
    }

    /// Completes at once: requests under way go on, and new ones still work.
    async fn stop(&self, _deadline: Deadline) -> Result<(), ServerError> {
        Ok(())
    }
}

impl Shared {
    pub(crate) fn application(&self) -> Result<Arc<dyn HttpApplication>, TestError> {
        match &*self.lock() {
            State::New => Err(TestError::not_started()),
            State::Started(application) => Ok(Arc::clone(application)),
            State::Disposed => Err(TestError::disposed()),
        }
    }

    /// An identifier for the connection that a new client stands for.
    pub(crate) fn next_connection_id(&self) -> String {
        format!("TEST{:08X}", self.connections.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
