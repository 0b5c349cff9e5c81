//! What all connections of a running server share.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use falconry_features::{FeatureCollection, HttpApplication};

use super::Connections;
use crate::KestrelServerOptions;

/// The running server, as its connections see it.
pub(crate) struct ServerShared {
    /// A changed configuration puts others in their place.
    options: RwLock<Arc<KestrelServerOptions>>,
    pub(crate) features: Arc<FeatureCollection>,
    pub(crate) application: Arc<dyn HttpApplication>,
    pub(crate) connections: Connections,
}

impl ServerShared {
    pub(crate) fn new(
        options: Arc<KestrelServerOptions>,
        features: Arc<FeatureCollection>,
        application: Arc<dyn HttpApplication>,
    ) -> Self {
        let connections = Connections::new(&options.limits);
        Self { options: RwLock::new(options), features, application, connections }
    }

    /// What a new connection goes by.
    pub(crate) fn options(&self) -> Arc<KestrelServerOptions> {
        Arc::clone(&self.options.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// New connections go by `options` from now on.
    pub(super) fn set_options(&self, options: Arc<KestrelServerOptions>) {
        self.connections.set_limits(&options.limits);
        *self.options.write().unwrap_or_else(PoisonError::into_inner) = options;
    }
}

impl fmt::Debug for ServerShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerShared").field("connections", &self.connections).finish_non_exhaustive()
    }
}
