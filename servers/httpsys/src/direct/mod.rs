//! Direct requests: those that the application runs on the features of the driver's own connection.
//!
//! In one process the portable driver and the server meet in the task of a connection of Kestrel. An ordinary request
//! needs no translation there: its collection is Kestrel's, with the features that HTTP.sys has otherwise set over it
//! ([`features`]). That is done once for a connection, when Kestrel makes the collection, and again when an application
//! has changed it. Every other request (with a body, on HTTP/2, of a server that authenticates, with delegation
//! rules or a response that may come from the cache) goes through the driver's operations, as it does with every driver.

mod features;
mod send_file;
mod shared;
mod tls;
mod values;
mod view;

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use falconry_features::{BoxError, FeatureCollection, HostContext};

use self::shared::DirectShared;
use crate::{driver::TlsInfo, server::ServerShared};

/// The server whose features a collection of a connection has been given, and its request there.
#[derive(Debug)]
pub(crate) struct Direct {
    server: Weak<ServerShared>,
    shared: Arc<DirectShared>,
    /// The collection's revision when nobody has changed anything.
    revision: u64,
    /// The server's end of the connection.
    local: Option<IpAddr>,
    /// The server of the request under way.
    under_way: Option<Arc<ServerShared>>,
}

/// What the driver knows of a connection.
#[derive(Debug)]
pub(crate) struct ConnectionFacts {
    pub(crate) number: u64,
    pub(crate) local: Option<SocketAddr>,
    pub(crate) remote: Option<SocketAddr>,
    /// The ticks of a second.
    pub(crate) frequency: u64,
    pub(crate) tls: Option<Arc<TlsInfo>>,
}

/// What the driver knows of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestFacts {
    pub(crate) id: u64,
    /// When it was known where it goes, in ticks.
    pub(crate) routed_at: i64,
}

impl Direct {
    /// Gives a collection of a connection the features of `server`.
    pub(crate) fn prepare(
        server: &Arc<ServerShared>,
        features: &mut FeatureCollection,
        connection: &ConnectionFacts,
    ) -> Self {
        let shared =
            Arc::new(DirectShared::new(server.settings.max_request_body_size, features.defaults().cloned()));
        features::set(features, server, &shared, connection);
        server.directs.add(&shared);
        let local = connection.local.map(|address| address.ip());
        let (server, revision) = (Arc::downgrade(server), features.revision());
        Self { server, shared, revision, local, under_way: None }
    }

    /// The server, if the collection is as it was prepared.
    pub(crate) fn server(&self, features: &FeatureCollection) -> Option<Arc<ServerShared>> {
        if features.revision() == self.revision { self.server.upgrade() } else { None }
    }

    /// The server that the collection was prepared for, if it is still there.
    pub(crate) fn last_server(&self) -> Option<Arc<ServerShared>> {
        self.server.upgrade().filter(|server| !server.is_stopping())
    }

    /// The server's end of the connection.
    pub(crate) fn local_address(&self) -> Option<IpAddr> {
        self.local
    }

    /// True if the collection was prepared for this server.
    pub(crate) fn is_of(&self, server: &Arc<ServerShared>) -> bool {
        std::ptr::eq(self.server.as_ptr(), Arc::as_ptr(server))
    }

    /// Runs the application's first step for a request; its collection is to come back with [`end`](Self::end).
    pub(crate) fn begin(
        &mut self,
        server: Arc<ServerShared>,
        features: FeatureCollection,
        request: RequestFacts,
    ) -> Result<Box<dyn HostContext>, BoxError> {
        self.shared.begin(request);
        server.outstanding.enter();
        let server = self.under_way.insert(server);
        server.application.create_context(features)
    }

    /// The server of the request under way.
    pub(crate) fn under_way(&self) -> Option<&Arc<ServerShared>> {
        self.under_way.as_ref()
    }

    /// Runs the application's last step, and makes the collection fit for another request.
    pub(crate) fn end(
        &mut self,
        mut context: Box<dyn HostContext>,
        error: Option<&BoxError>,
    ) -> FeatureCollection {
        let mut features = match &self.under_way {
            Some(server) => server.application.dispose_context(context, error),
            None => std::mem::take(context.features_mut()),
        };
        if self.shared.clear() {
            features::clear(&mut features);
        }
        self.leave();
        features
    }

    fn leave(&mut self) {
        if let Some(server) = self.under_way.take() {
            self.shared.end();
            server.outstanding.leave();
        }
    }
}

impl Drop for Direct {
    /// A request that was abandoned is over.
    fn drop(&mut self) {
        self.leave();
    }
}

/// The connections that have been prepared for a server.
#[derive(Debug, Default)]
pub(crate) struct Directs(Mutex<Vec<Weak<DirectShared>>>);

impl Directs {
    fn add(&self, shared: &Arc<DirectShared>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == all.capacity() {
            all.retain(|shared| shared.strong_count() > 0);
        }
        all.push(Arc::downgrade(shared));
    }

    /// Gives up every direct request under way.
    pub(crate) fn abort_all(&self) {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        all.iter().filter_map(Weak::upgrade).for_each(|shared| shared.abort());
    }
}
