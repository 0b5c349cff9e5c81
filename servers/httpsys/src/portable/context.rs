//! What the driver keeps with the collection of a connection, from one request to the next.

use std::{
    any::Any,
    sync::{Arc, Weak, atomic::Ordering},
};

use falconry_features::{BoxError, FeatureCollection, HostContext, HttpResponseFeature};

use super::{Kernel, connections::ConnectionInfo, exchange::PortableRequest, table::Registration};
use crate::{
    direct::{Direct, RequestFacts},
    exchange::may_be_kept,
    server::ServerShared,
};

/// Stays with the collection. For a request that is not direct it is the context, too.
#[derive(Debug, Default)]
pub(super) struct RouterContext {
    /// The connection's, during a request that is not direct.
    pub(super) features: FeatureCollection,
    /// The last request of the connection, if it was received in another task: the next one begins when its receiver
    /// has let go of it, as it does after a receiver that runs in the task of the connection.
    pub(super) last: Option<Arc<PortableRequest>>,
    /// Storage for the next request.
    pub(super) spare: Option<Arc<PortableRequest>>,
    pub(super) connection: Option<Arc<ConnectionInfo>>,
    /// Requests of one server need no translation here.
    pub(super) direct: Option<Direct>,
    /// The prefix that the last direct request has fitted.
    pub(super) registration: Option<Arc<Registration>>,
    /// The other server whose request was the last one.
    pub(super) other: Weak<ServerShared>,
}

impl RouterContext {
    /// Takes the one that is with a collection.
    pub(super) fn take(features: &mut FeatureCollection) -> Option<Box<Self>> {
        (features.take_server_context()? as Box<dyn Any>).downcast().ok()
    }

    /// The server of the direct request that `context` is the application's own of.
    pub(super) fn server_of(context: &dyn HostContext) -> Option<Arc<ServerShared>> {
        let of_request: &dyn Any = context.features().server_context()?;
        of_request.downcast_ref::<Self>()?.direct.as_ref()?.under_way().map(Arc::clone)
    }

    /// The features of the connection, and what the driver knows of it.
    pub(super) fn parts(&mut self, kernel: &Kernel) -> (&mut FeatureCollection, &Arc<ConnectionInfo>) {
        let features = &mut self.features;
        let connection = self.connection.get_or_insert_with(|| ConnectionInfo::of(features, kernel));
        (features, connection)
    }

    /// Runs the first step of `server`'s application.
    pub(super) fn begin_direct(
        mut self: Box<Self>,
        server: Arc<ServerShared>,
        features: FeatureCollection,
        request: RequestFacts,
    ) -> Result<Box<dyn HostContext>, BoxError> {
        let Some(direct) = &mut self.direct else {
            self.features = features;
            return Ok(self);
        };
        let mut context = direct.begin(server, features, request)?;
        context.features_mut().set_server_context(self);
        Ok(context)
    }

    /// Runs the last step of a direct request's application.
    pub(super) fn end_direct(
        mut context: Box<dyn HostContext>,
        error: Option<&BoxError>,
    ) -> FeatureCollection {
        let own = Self::take(context.features_mut());
        let Some(mut own) = own else { return std::mem::take(context.features_mut()) };
        own.note_caching(context.features());
        let Some(direct) = &mut own.direct else { return std::mem::take(context.features_mut()) };
        let mut features = direct.end(context, error);
        features.set_server_context(own);
        features
    }

    /// From the first response on that may be kept, requests of its prefix go where that is done.
    fn note_caching(&self, features: &FeatureCollection) {
        let server = self.direct.as_ref().and_then(Direct::under_way);
        if let Some(server) = server
            && server.settings.enable_response_caching
            && let Some(response) = features.get::<dyn HttpResponseFeature>()
            && may_be_kept(response.head())
            && let Some(registration) = &self.registration
        {
            registration.caches.store(true, Ordering::Relaxed);
        }
    }
}

impl HostContext for RouterContext {
    fn features(&self) -> &FeatureCollection {
        &self.features
    }

    fn features_mut(&mut self) -> &mut FeatureCollection {
        &mut self.features
    }
}
