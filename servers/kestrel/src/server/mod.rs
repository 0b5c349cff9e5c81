//! [`KestrelServer`]: start, stop, and what all connections share.

mod connections;
mod endpoints;
mod shared;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use falconry_features::{
    Deadline, FeatureCollection, HttpApplication, Server, ServerAddresses, ServerAddressesFeature,
    ServerError,
};
use tokio::{sync::Mutex, task::JoinHandle};

pub(crate) use self::connections::Connections;
pub(crate) use self::shared::ServerShared;
use crate::{KestrelServerOptions, listener::BoundEndpoint};

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

/// A server that has been started.
struct Running {
    shared: Arc<ServerShared>,
    listeners: Vec<JoinHandle<()>>,
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

    fn run(&self, application: Arc<dyn HttpApplication>, endpoints: Vec<BoundEndpoint>) -> Running {
        let shared = Arc::new(ServerShared {
            options: Arc::clone(&self.options),
            features: Arc::clone(&self.features),
            application,
            connections: Connections::new(&self.options.limits),
        });
        let listeners = endpoints
            .into_iter()
            .flat_map(BoundEndpoint::into_listeners)
            .map(|listener| tokio::spawn(listener.accept_all(Arc::clone(&shared))))
            .collect();
        Running { shared, listeners }
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
        let endpoints = endpoints::bind_all(&self.options, &*self.addresses)?;
        self.addresses.bound(endpoints.iter().map(BoundEndpoint::url).collect());
        *state = State::Running(self.run(application, endpoints));
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

impl Running {
    async fn stop(self, deadline: &Deadline) {
        let connections = &self.shared.connections;
        // First: an answer from here on tells its client that the connection closes.
        connections.stop();
        connections.stop_listening();
        for listener in self.listeners {
            // A listener that panicked has stopped, too.
            let _ = listener.await;
        }
        if deadline.limit(connections.all_ended()).await.is_some() {
            return;
        }
        tracing::debug!(
            "NotAllConnectionsClosedGracefully: some connections did not end before the deadline"
        );
        connections.abort();
        let aborted = tokio::time::timeout(std::time::Duration::from_secs(1), connections.all_ended()).await;
        if aborted.is_err() {
            tracing::debug!("NotAllConnectionsAborted: some connections could not be ended");
        }
    }
}

impl Drop for KestrelServer {
    /// Dropping a running server aborts its connections.
    fn drop(&mut self) {
        if let State::Running(running) = self.state.get_mut() {
            running.listeners.iter().for_each(JoinHandle::abort);
            running.shared.connections.abort();
        }
    }
}

impl fmt::Debug for KestrelServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KestrelServer").field("options", &self.options).finish_non_exhaustive()
    }
}
