//! [`KestrelServer`]: start, stop, and what all connections share.

mod connections;
mod endpoints;
mod reconfigure;
mod running;
mod shared;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use falconry_features::{
    Deadline, FeatureCollection, HttpApplication, Server, ServerAddresses, ServerAddressesFeature,
    ServerError,
};
use tokio::sync::Mutex;

use self::running::Running;
pub(crate) use self::{
    connections::{ConnectionGroup, Connections, OpenUpgrade},
    shared::ServerShared,
};
use crate::KestrelServerOptions;

/// The cross-platform HTTP server.
///
/// ```no_run
/// # async fn run(application: std::sync::Arc<dyn falconry_features::HttpApplication>) -> Result<(), falconry_features::ServerError> {
/// use falconry_features::{Deadline, Server};
/// use falconry_kestrel::{KestrelServer, KestrelServerOptions};
///
/// let mut options = KestrelServerOptions::default();
/// options.listen_localhost(5000);
/// let server = KestrelServer::new(options);
/// server.start(application).await?;
/// server.stop(Deadline::never()).await
/// # }
/// ```
pub struct KestrelServer {
    options: Arc<KestrelServerOptions>,
    addresses: Arc<ServerAddresses>,
    features: Arc<FeatureCollection>,
    state: Mutex<State>,
}

enum State {
    New,
    Running(Running),
    Stopped,
}

impl KestrelServer {
    /// A server with these options; nothing is bound before the start.
    pub fn new(options: KestrelServerOptions) -> Self {
        let addresses = Arc::new(ServerAddresses::new());
        let mut features = FeatureCollection::new();
        features.set::<dyn ServerAddressesFeature>(Box::new(Arc::clone(&addresses)));
        Self {
            options: Arc::new(options),
            addresses,
            features: Arc::new(features),
            state: Mutex::new(State::New),
        }
    }

    /// Closes the listening sockets, the first half of a stop: on return nobody is accepted any more, and the connections
    /// end after what is under way. [`stop`](Server::stop) waits for them. Without effect unless the server runs.
    pub async fn stop_listening(&self) {
        if let State::Running(running) = &mut *self.state.lock().await {
            running.stop_listening().await;
        }
    }
}

#[async_trait]
impl Server for KestrelServer {
    fn features(&self) -> &FeatureCollection {
        &self.features
    }

    async fn start(&self, application: Arc<dyn HttpApplication>) -> Result<(), ServerError> {
        let mut state = self.state.lock().await;
        match &*state {
            State::New => {}
            State::Running(_) => return Err(ServerError::already_started()),
            State::Stopped => {
                return Err(ServerError::invalid_state(
                    "the server has been stopped; make a new one to serve again",
                ));
            }
        }
        self.options.validate()?;
        let bound = endpoints::bind_all(&self.options, &*self.addresses)?;
        let shared = ServerShared::new(Arc::clone(&self.options), Arc::clone(&self.features), application);
        let running = Running::new(shared, bound);
        self.addresses.bound(running.urls());
        *state = State::Running(running);
        Ok(())
    }

    async fn stop(&self, deadline: Deadline) -> Result<(), ServerError> {
        // A second stop waits here for the first.
        let mut state = self.state.lock().await;
        if let State::Running(running) = std::mem::replace(&mut *state, State::Stopped) {
            running.stop(&deadline).await;
        }
        Ok(())
    }
}

impl Drop for KestrelServer {
    /// Dropping a running server aborts its connections.
    fn drop(&mut self) {
        if let State::Running(running) = self.state.get_mut() {
            running.abort();
        }
    }
}

impl fmt::Debug for KestrelServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KestrelServer").field("options", &self.options).finish_non_exhaustive()
    }
}
