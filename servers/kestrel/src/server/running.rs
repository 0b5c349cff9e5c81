//! A server that has been started: its endpoints, and their end.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use falconry_features::{CancellationToken, Deadline};
use tokio::{task::JoinHandle, time::timeout};

use super::{ConnectionGroup, Connections, ServerShared, endpoints::Bound};
use crate::{
    ListenOptions,
    configuration::EndpointSettings,
    events,
    listener::{BoundEndpoint, Manner, url},
};

/// How long the connections of an endpoint that goes may take for what is under way.
const GRACE: Duration = Duration::from_secs(5);

/// How often a stop tells how it gets on.
const PROGRESS: Duration = Duration::from_secs(1);

pub(super) struct Running {
    pub(super) shared: Arc<ServerShared>,
    /// The endpoints of code or of addresses.
    fixed: Vec<RunningEndpoint>,
    /// The endpoints of the configuration, in their order.
    pub(super) configured: Vec<ConfiguredRunning>,
    /// False if addresses were preferred to all endpoints.
    pub(super) follows_configuration: bool,
}

pub(super) struct ConfiguredRunning {
    pub(super) settings: EndpointSettings,
    pub(super) endpoint: RunningEndpoint,
}

/// An endpoint that accepts connections.
pub(super) struct RunningEndpoint {
    pub(super) options: ListenOptions,
    pub(super) address: Option<SocketAddr>,
    pub(super) manner: Arc<Manner>,
    ends: CancellationToken,
    listeners: Vec<JoinHandle<()>>,
}

impl Running {
    pub(super) fn new(shared: ServerShared, bound: Bound) -> Self {
        let shared = Arc::new(shared);
        let fixed = bound.fixed.into_iter().map(|bound| RunningEndpoint::start(bound, &shared)).collect();
        let configured = bound.configured.into_iter().map(|(settings, bound)| ConfiguredRunning {
            settings,
            endpoint: RunningEndpoint::start(bound, &shared),
        });
        Self {
            fixed,
            configured: configured.collect(),
            follows_configuration: bound.follows_configuration,
            shared,
        }
    }

    /// The addresses that are listened on.
    pub(super) fn urls(&self) -> Vec<String> {
        self.endpoints().map(RunningEndpoint::url).collect()
    }

    /// On return nobody is accepted any more; the connections end after what is under way.
    pub(super) async fn stop_listening(&mut self) {
        // First: an answer from here on tells its client that the connection closes.
        self.shared.connections.stop();
        self.endpoints().for_each(RunningEndpoint::end);
        let configured = self.configured.iter_mut().map(|configured| &mut configured.endpoint);
        for endpoint in self.fixed.iter_mut().chain(configured) {
            endpoint.stop_listening().await;
        }
    }

    pub(super) async fn stop(mut self, deadline: &Deadline) {
        self.stop_listening().await;
        let connections = &self.shared.connections;
        if deadline.limit(drained(connections)).await.is_some() {
            return;
        }
        events::not_all_connections_closed_gracefully(connections.count());
        connections.abort();
        if timeout(Duration::from_secs(1), connections.all_ended()).await.is_err() {
            events::not_all_connections_aborted(connections.count());
        }
    }

    pub(super) fn abort(&self) {
        self.endpoints().flat_map(|endpoint| &endpoint.listeners).for_each(JoinHandle::abort);
        self.shared.connections.abort();
    }

    /// The connections of this group end after what is under way, or when their time is up.
    pub(super) fn dismiss(&self, group: ConnectionGroup) {
        self.shared.connections.stop_group(group);
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let connections = &shared.connections;
            if timeout(GRACE, connections.group_ended(group)).await.is_err() {
                tracing::debug!("aborting the connections of an endpoint that has been stopped");
                connections.abort_group(group);
            }
        });
    }

    pub(super) fn endpoints(&self) -> impl Iterator<Item = &RunningEndpoint> {
        self.fixed.iter().chain(self.configured.iter().map(|configured| &configured.endpoint))
    }
}

/// Completes when there is no connection left; tells once a second how many there are.
async fn drained(connections: &Connections) {
    let mut ended = pin!(connections.all_ended());
    while timeout(PROGRESS, &mut ended).await.is_err() {
        events::draining(connections.count());
    }
}

impl RunningEndpoint {
    pub(super) fn start(bound: BoundEndpoint, shared: &Arc<ServerShared>) -> Self {
        let BoundEndpoint { options, address, manner, listeners } = bound;
        let ends = CancellationToken::new();
        let accept = |listener: crate::listener::Listener| {
            tokio::spawn(listener.accept_all(Arc::clone(&manner), ends.clone(), Arc::clone(shared)))
        };
        let listeners = listeners.into_iter().map(accept).collect();
        Self { options, address, manner, ends, listeners }
    }

    pub(super) fn url(&self) -> String {
        url(&self.options, self.address)
    }

    /// Tells its sockets to close.
    pub(super) fn end(&self) {
        self.ends.cancel();
    }

    /// On return the sockets are closed, and what they had accepted is being served.
    pub(super) async fn stop_listening(&mut self) {
        self.end();
        for listener in self.listeners.drain(..) {
            // A listener that panicked has stopped, too.
            let _ = listener.await;
        }
    }
}
