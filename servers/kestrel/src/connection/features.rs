//! What a connection offers beside its requests.

use std::sync::Arc;

use falconry_features::{CancellationToken, ConnectionLifetimeNotificationFeature, FeatureCollection};

use super::Signal;

/// The features of a connection, over those of the server.
pub(crate) fn collection(server: &Arc<FeatureCollection>, signal: &Arc<Signal>) -> FeatureCollection {
    let mut features = FeatureCollection::with_defaults(Arc::clone(server));
    features.set::<dyn ConnectionLifetimeNotificationFeature>(Box::new(Notification(Arc::clone(signal))));
    features
}

/// Tells that the connection shall end, and asks for it.
struct Notification(Arc<Signal>);

impl ConnectionLifetimeNotificationFeature for Notification {
    fn connection_closed_requested(&self) -> CancellationToken {
        self.0.stop_token()
    }

    fn request_close(&self) {
        self.0.stop();
    }
}
