//! One accepted connection: what its requests share, whatever the protocol.

mod age;
mod features;
mod heart;
mod id;
mod signal;

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use falconry_features::FeatureCollection;

use self::{age::Aging, heart::Beating};
pub(crate) use self::{features::Lifetime, signal::Signal};
use crate::{
    KestrelServerOptions,
    exchange::ExchangePool,
    http1::Http1Link,
    http2::Flushes,
    metrics::Observed,
    server::ServerShared,
    transport::{Endpoints, TrueEndpoints},
};

/// How long a connection without a request keeps what makes the next one cheap.
pub(crate) const REST_AFTER: Duration = Duration::from_secs(1);

/// What the requests of one connection share with it and with the server.
pub(crate) struct ConnectionShared {
    pub(crate) id: String,
    pub(crate) endpoints: TrueEndpoints,
    pub(crate) scheme: &'static str,
    pub(crate) options: Arc<KestrelServerOptions>,
    pub(crate) server: Arc<ServerShared>,
    /// What connection middleware under TLS has made of the connection's own.
    outer_features: OnceLock<Arc<FeatureCollection>>,
    features: OnceLock<Arc<FeatureCollection>>,
    /// What connection middleware over TLS has made of the connection's own.
    inner_features: OnceLock<Arc<FeatureCollection>>,
    /// Stop and abort.
    pub(crate) signal: Arc<Signal>,
    pub(crate) lifetime: Arc<Lifetime>,
    pub(crate) http1: Http1Link,
    /// Rounds of an HTTP/2 connection.
    pub(crate) flushes: Flushes,
    /// What tells clients of HTTP/3.
    #[cfg(feature = "http3")]
    pub(crate) alt_svc: OnceLock<http::HeaderValue>,
    /// Exchanges to be used again.
    pub(crate) exchanges: ExchangePool,
    /// What observers are told.
    pub(crate) observed: Observed,
}

/// Serves a connection until it ends: it gets no older than it may, and its heart beats.
pub(crate) fn live<F: Future>(
    served: F,
    connection: &Arc<ConnectionShared>,
) -> impl Future<Output = F::Output> + use<F> {
    Beating::new(Aging::new(served, connection), connection)
}

impl ConnectionShared {
    pub(crate) fn new(server: Arc<ServerShared>, endpoints: Endpoints, scheme: &'static str) -> Arc<Self> {
        let options = server.options();
        Arc::new(Self {
            id: id::next_connection_id(),
            endpoints: TrueEndpoints::new(endpoints),
            scheme,
            outer_features: OnceLock::new(),
            features: OnceLock::new(),
            inner_features: OnceLock::new(),
            signal: Arc::default(),
            lifetime: Arc::default(),
            http1: Http1Link::new(&options.limits),
            flushes: Flushes::default(),
            #[cfg(feature = "http3")]
            alt_svc: OnceLock::new(),
            exchanges: ExchangePool::default(),
            observed: Observed::default(),
            options,
            server,
        })
    }

    /// What the connection offers beside its requests; over it lies the collection of each request.
    pub(crate) fn features(&self) -> &Arc<FeatureCollection> {
        match self.inner_features.get() {
            None => self.features.get_or_init(|| Arc::new(self.own_features())),
            Some(features) => features,
        }
    }

    /// What every connection offers; a transport adds its own.
    pub(crate) fn own_features(&self) -> FeatureCollection {
        match self.outer_features.get() {
            None => features::collection(self),
            Some(outer) => FeatureCollection::with_defaults(Arc::clone(outer)),
        }
    }

    /// Sets what middleware has made of [`own_features`](Self::own_features), before TLS adds to it.
    pub(crate) fn set_outer_features(&self, features: FeatureCollection) {
        self.outer_features.get_or_init(|| Arc::new(features));
    }

    /// Sets what middleware has made of [`features`](Self::features); only before the first request.
    #[cfg(feature = "tls")]
    pub(crate) fn set_inner_features(&self, features: FeatureCollection) {
        self.inner_features.get_or_init(|| Arc::new(features));
    }

    /// Sets what the connection offers; only before its first request.
    #[cfg(feature = "tls")]
    pub(crate) fn set_features(&self, features: FeatureCollection) {
        let is_first = self.features.set(Arc::new(features)).is_ok();
        debug_assert!(is_first, "requests have seen other features");
    }
}

impl fmt::Debug for ConnectionShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionShared").field("id", &self.id).finish_non_exhaustive()
    }
}
