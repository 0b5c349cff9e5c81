//! What a connection offers beside its requests.

use std::sync::{Arc, MutexGuard, OnceLock, atomic::AtomicBool};

use falconry_features::{
    BadHttpRequestError, BadHttpRequestFeature, CancellationToken, CompletedCallback, ConnectionAddress,
    ConnectionCompleteFeature, ConnectionEndPointFeature, ConnectionHeartbeatFeature, ConnectionIdFeature,
    ConnectionItemsFeature, ConnectionLifetimeFeature, ConnectionLifetimeNotificationFeature,
    ConnectionMetricsTagsFeature, ConnectionSocketFeature, DecrementConcurrentConnectionCountFeature,
    FeatureCollection, FeatureError, PlainConnectionComplete, PlainConnectionIdentity, PlainConnectionItems,
    PlainConnectionMetricsTags, SocketDescription, Tags,
};

use super::{ConnectionShared, Signal, heart::Heart};
use crate::server::ServerShared;

/// What the features of a connection share with its end.
#[derive(Debug, Default)]
pub(crate) struct Lifetime {
    closed: CancellationToken,
    complete: PlainConnectionComplete,
    pub(super) heart: Heart,
    /// The limit on connections does not count this one any more.
    pub(crate) is_released: AtomicBool,
    /// Why the connection's last request was refused.
    pub(crate) bad_request: OnceLock<BadHttpRequestError>,
}

impl Lifetime {
    /// The connection has ended: tells who waits, and runs what was registered for it.
    pub(crate) async fn end(&self) {
        self.closed.cancel();
        self.heart.stop();
        for error in self.complete.complete().await {
            let error = &*error as &(dyn std::error::Error + 'static);
            tracing::error!(error, "a callback for the end of a connection failed");
        }
    }
}

/// The features of a connection, over those of the server.
pub(super) fn collection(connection: &ConnectionShared) -> FeatureCollection {
    // Each connection has one: no room for more than there is.
    let mut features = FeatureCollection::with_capacity(9);
    features.set_defaults(Some(Arc::clone(&connection.server.features)));
    let socket = connection.endpoints.of_socket();
    let end_points = PlainConnectionIdentity {
        local: connection.endpoints.local.map(ConnectionAddress::from),
        remote: connection.endpoints.remote.map(ConnectionAddress::from),
        ..PlainConnectionIdentity::default()
    };
    let socket = SocketDescription {
        local: socket.local.map(ConnectionAddress::from),
        remote: socket.remote.map(ConnectionAddress::from),
        no_delay: socket.local.is_some().then_some(connection.options.transport.no_delay),
        peer: None,
    };
    let handle =
        Handle { signal: Arc::clone(&connection.signal), lifetime: Arc::clone(&connection.lifetime) };
    features.set::<dyn ConnectionIdFeature>(Box::new(Id(connection.id.clone())));
    features.set::<dyn ConnectionEndPointFeature>(Box::new(end_points));
    features.set::<dyn ConnectionSocketFeature>(Box::new(socket));
    features.set::<dyn ConnectionItemsFeature>(Box::<PlainConnectionItems>::default());
    features.set::<dyn ConnectionLifetimeFeature>(Box::new(handle.clone()));
    features.set::<dyn ConnectionLifetimeNotificationFeature>(Box::new(handle.clone()));
    features.set::<dyn ConnectionCompleteFeature>(Box::new(handle.clone()));
    features.set::<dyn ConnectionHeartbeatFeature>(Box::new(handle.clone()));
    features.set::<dyn BadHttpRequestFeature>(Box::new(handle));
    if connection.options.limits.max_concurrent_connections().is_some() {
        let (server, lifetime) = (Arc::clone(&connection.server), Arc::clone(&connection.lifetime));
        features.set::<dyn DecrementConcurrentConnectionCountFeature>(Box::new(Counted { server, lifetime }));
    }
    if let Some(tags) = connection.observed.added_tags() {
        features.set::<dyn ConnectionMetricsTagsFeature>(Box::new(AddedTags(tags)));
    }
    features
}

/// The name of the connection.
struct Id(String);

impl ConnectionIdFeature for Id {
    fn connection_id(&self) -> &str {
        &self.0
    }
}

/// Reaches the connection from its features, which it holds itself.
#[derive(Clone)]
struct Handle {
    signal: Arc<Signal>,
    lifetime: Arc<Lifetime>,
}

impl ConnectionLifetimeFeature for Handle {
    fn connection_closed(&self) -> CancellationToken {
        self.lifetime.closed.clone()
    }

    fn abort(&self) {
        self.signal.abort();
    }
}

impl ConnectionLifetimeNotificationFeature for Handle {
    fn connection_closed_requested(&self) -> CancellationToken {
        self.signal.stop_token()
    }

    fn request_close(&self) {
        self.signal.stop();
    }
}

impl ConnectionCompleteFeature for Handle {
    fn on_completed(&self, callback: CompletedCallback) -> Result<(), FeatureError> {
        self.lifetime.complete.on_completed(callback)
    }
}

impl ConnectionHeartbeatFeature for Handle {
    fn on_heartbeat(&self, callback: Box<dyn FnMut() + Send>) {
        self.lifetime.heart.add(callback);
        // Who calls may be in another task than the connection, which has to begin to keep time.
        self.signal.wake();
    }
}

impl BadHttpRequestFeature for Handle {
    fn error(&self) -> Option<&BadHttpRequestError> {
        self.lifetime.bad_request.get()
    }
}

/// A connection that the limit counts.
struct Counted {
    server: Arc<ServerShared>,
    lifetime: Arc<Lifetime>,
}

impl DecrementConcurrentConnectionCountFeature for Counted {
    fn release_connection(&self) {
        self.server.connections.release(&self.lifetime);
    }
}

/// What the application adds to what observers are told of the connection's end.
struct AddedTags(Arc<PlainConnectionMetricsTags>);

impl ConnectionMetricsTagsFeature for AddedTags {
    fn tags(&self) -> MutexGuard<'_, Tags> {
        self.0.tags()
    }
}
