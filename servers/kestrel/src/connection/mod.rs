//! One accepted connection: what its requests share, whatever the protocol.

mod id;
mod signal;

use std::{fmt, sync::Arc};

use falconry_features::FeatureCollection;

pub(crate) use self::signal::Signal;
use crate::{KestrelServerOptions, http1::Http1Link, server::ServerShared, transport::Endpoints};

/// What the requests of one connection share with it and with the server.
pub(crate) struct ConnectionShared {
    pub(crate) id: String,
    pub(crate) endpoints: Endpoints,
    pub(crate) scheme: &'static str,
    pub(crate) options: Arc<KestrelServerOptions>,
    pub(crate) server: Arc<ServerShared>,
    /// What the connection offers beside its requests; over it lies the collection of each request.
    pub(crate) features: Arc<FeatureCollection>,
    /// Stop and abort.
    pub(crate) signal: Signal,
    pub(crate) http1: Http1Link,
}

impl ConnectionShared {
    pub(crate) fn new(server: Arc<ServerShared>, endpoints: Endpoints, scheme: &'static str) -> Arc<Self> {
        let options = Arc::clone(&server.options);
        Arc::new(Self {
            id: id::next_connection_id(),
            endpoints,
            scheme,
            features: Arc::new(FeatureCollection::with_defaults(Arc::clone(&server.features))),
            signal: Signal::default(),
            http1: Http1Link::new(&options.limits),
            options,
            server,
        })
    }
}

impl fmt::Debug for ConnectionShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionShared").field("id", &self.id).finish_non_exhaustive()
    }
}
