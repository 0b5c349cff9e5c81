//! What all connections of a running server share.

use std::{fmt, sync::Arc};

use falconry_features::{FeatureCollection, HttpApplication};

use super::Connections;
use crate::KestrelServerOptions;

/// The running server, as its connections see it.
pub(crate) struct ServerShared {
    pub(crate) options: Arc<KestrelServerOptions>,
    pub(crate) features: Arc<FeatureCollection>,
    pub(crate) application: Arc<dyn HttpApplication>,
    pub(crate) connections: Connections,
}

impl fmt::Debug for ServerShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerShared").field("connections", &self.connections).finish_non_exhaustive()
    }
}
