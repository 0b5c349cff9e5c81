//! Which requests are direct: those that the application runs on the features of the connection.

use std::sync::{Arc, Weak, atomic::Ordering};

use falconry_features::{
    FeatureCollection, HttpConnectionFeature, HttpRequestBodyDetectionFeature, HttpRequestFeature,
    HttpResetFeature,
};
use http::header::HOST;

use super::{
    connections::ConnectionInfo,
    context::RouterContext,
    queue::Given,
    router::{PortRouter, TICKS_PER_SECOND, ticks},
    table::Registration,
};
use crate::{
    direct::{ConnectionFacts, Direct, RequestFacts},
    request::{MAX_FIELDS, split_path_base},
    server::ServerShared,
};

impl PortRouter {
    /// Gives a new collection of a connection the features of a server: of the one that has answered there last, or of
    /// some server of the port. Streams have none of it.
    pub(super) fn prepare_direct(&self, features: &mut FeatureCollection) {
        if features.contains_own::<dyn HttpResetFeature>() {
            return;
        }
        let mut context = RouterContext::take(features).unwrap_or_default();
        let connection = context.connection.get_or_insert_with(|| ConnectionInfo::of(features, &self.kernel));
        let of_last = context.other.upgrade().or_else(|| context.direct.as_ref()?.last_server());
        if let Some(server) = of_last.or_else(|| self.some_server()) {
            if !context.direct.as_ref().is_some_and(|direct| direct.is_of(&server)) {
                // What another application has left there is not for this one.
                features.take_host_context();
            }
            let connection = connection_facts(connection, features);
            context.direct = Some(Direct::prepare(&server, features, &connection));
            context.registration = None;
        } else {
            context.direct = None;
        }
        context.other = Weak::new();
        features.set_server_context(context);
    }

    /// The server that runs a request directly, if the request is such a one.
    pub(super) fn direct(
        &self,
        context: &mut RouterContext,
        features: &mut FeatureCollection,
    ) -> Option<(Arc<ServerShared>, RequestFacts)> {
        let direct = context.direct.as_ref().filter(|_| context.last.is_none())?;
        let Some(server) = direct.server(features) else {
            // It has gone, or something was changed: either way the collection is made anew.
            make_anew(features);
            return None;
        };
        if features.get::<dyn HttpRequestBodyDetectionFeature>()?.can_have_body() {
            return None;
        }
        let request = features.get::<dyn HttpRequestFeature>()?;
        let headers = request.headers();
        let path = match request.path() {
            "" => "/",
            path => path,
        };
        if headers.len() > MAX_FIELDS {
            return None;
        }
        let host = || headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let local = direct.local_address();
        let found = self.table.look(host, local, path, |registration| {
            let length = split_path_base(request.path(), registration.prefix.path_base())?;
            let is_known = context.registration.as_ref().is_some_and(|last| Arc::ptr_eq(last, registration));
            match give(registration, &server, is_known)? {
                Given::Yes => {}
                Given::No => return None,
                Given::ToAnother(other) => return Some(Err(other)),
            }
            if !is_known {
                context.registration = Some(Arc::clone(registration));
            }
            Some(Ok(length))
        });
        match found? {
            Ok(length) => {
                set_path_base(features, length);
                context.other = Weak::new();
                Some((server, self.request_facts()))
            }
            Err(other) => {
                context.note_other(&other, features);
                None
            }
        }
    }

    fn some_server(&self) -> Option<Arc<ServerShared>> {
        self.table.any()?.group.settings().queue.as_ref()?.inline_server()
    }

    fn request_facts(&self) -> RequestFacts {
        RequestFacts { id: self.kernel.next_id(), routed_at: ticks() }
    }
}

impl RouterContext {
    /// Another server answers. If it does so a second time, the collection is made anew after the request, for it.
    fn note_other(&mut self, other: &Arc<ServerShared>, features: &mut FeatureCollection) {
        if std::ptr::eq(self.other.as_ptr(), Arc::as_ptr(other)) {
            make_anew(features);
        }
        self.other = Arc::downgrade(other);
    }
}

/// Whoever keeps the collection makes it anew after a change, whatever it is.
fn make_anew(features: &mut FeatureCollection) {
    features.set_defaults(features.defaults().cloned());
}

/// Gives a request of a prefix to the server, if it is one like most; `None` if it is another one. `is_known`: the prefix
/// is one of the server's.
fn give(registration: &Registration, server: &Arc<ServerShared>, is_known: bool) -> Option<Given> {
    let takes = || server.takes_direct() && (is_known || server.has_prefix(registration.context));
    if registration.caches.load(Ordering::Relaxed) {
        return None;
    }
    registration.group.plain_queue(|queue| Some(queue.give_to(server, takes)))
}

/// Takes the path base of the prefix off the path, in the casing of the request.
fn set_path_base(features: &mut FeatureCollection, length: usize) {
    if length > 0
        && let Some(request) = features.get_mut::<dyn HttpRequestFeature>()
    {
        let mut path = request.path().to_owned();
        let rest = path.split_off(length);
        request.set_path_base(&path);
        request.set_path(&rest);
    }
}

fn connection_facts(connection: &ConnectionInfo, features: &FeatureCollection) -> ConnectionFacts {
    let end = features.get::<dyn HttpConnectionFeature>();
    ConnectionFacts {
        number: connection.id,
        local: end.and_then(|end| Some((end.local_ip_address()?, end.local_port()).into())),
        remote: end.and_then(|end| Some((end.remote_ip_address()?, end.remote_port()).into())),
        frequency: TICKS_PER_SECOND,
        tls: connection.tls.clone(),
    }
}
