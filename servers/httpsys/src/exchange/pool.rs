//! Exchanges are used again: the objects of a request's features are made once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, atomic::Ordering};

use falconry_features::FeatureCollection;

use super::{ExchangeShared, ServerSettings};
use crate::{
    driver::ReceivedRequest,
    features::{self, Kind, Malformed},
};

/// Exchanges that wait for the next request of their kind, and those in use.
#[derive(Debug, Default)]
pub(crate) struct ExchangePool {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    free: [Vec<Exchange>; Kind::COUNT],
    /// All, to be aborted together.
    all: Vec<Weak<ExchangeShared>>,
    is_closed: bool,
}

/// The features of one exchange and what the server side needs beside them.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) shared: Arc<ExchangeShared>,
    /// Here between requests; in the application's hands during one.
    pub(crate) features: FeatureCollection,
    /// The collection's revision when nobody has changed anything.
    pub(crate) revision: u64,
    pub(crate) kind: Kind,
    /// The response has given its head away, and is cleared.
    pub(crate) has_given_head: bool,
}

impl ExchangePool {
    /// An exchange that holds nothing of any request.
    pub(crate) fn take(
        &self,
        kind: Kind,
        settings: &Arc<ServerSettings>,
        server: &Arc<FeatureCollection>,
    ) -> Exchange {
        if let Some(exchange) = self.lock().free[kind.index()].pop() {
            return exchange;
        }
        let exchange = Exchange::new(kind, Arc::clone(settings), server);
        let mut state = self.lock();
        if state.all.len() == state.all.capacity() {
            state.all.retain(|shared| shared.strong_count() > 0);
        }
        state.all.push(Arc::downgrade(&exchange.shared));
        exchange
    }

    /// Puts an exchange back that a request has been done with.
    pub(crate) fn put(&self, mut exchange: Exchange) {
        // A body that the application has kept must not reach into another request.
        if exchange.shared.has_body.load(Ordering::Relaxed) || !exchange.clear() {
            // The driver does not wait for what the application has kept.
            exchange.shared.let_go();
            return;
        }
        let mut state = self.lock();
        if !state.is_closed {
            let kind = exchange.kind.index();
            state.free[kind].push(exchange);
        }
    }

    /// Gives up every request under way.
    pub(crate) fn abort_all(&self) {
        let all: Vec<_> = self.lock().all.iter().filter_map(Weak::upgrade).collect();
        all.iter().for_each(|shared| shared.abort(None));
    }

    /// The server has ended: exchanges, which know it, are not kept any more.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        state.free.iter_mut().for_each(Vec::clear);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange {
    fn new(kind: Kind, settings: Arc<ServerSettings>, server: &Arc<FeatureCollection>) -> Self {
        let shared = Arc::new(ExchangeShared::new(settings));
        let features = features::collection(kind, &shared, server);
        Self { revision: features.revision(), shared, features, kind, has_given_head: false }
    }

    /// Fills a cleared exchange with a request.
    pub(crate) fn fill(
        &mut self,
        received: ReceivedRequest,
        path_base: Option<&str>,
    ) -> Result<(), Malformed> {
        features::fill(self, received, path_base)
    }

    /// Makes it fit for the next request: nothing of the last one is left, and what middleware has put in the place of
    /// the server's own is gone. False if that cannot be.
    fn clear(&mut self) -> bool {
        if self.features.revision() != self.revision
            || features::clear(&mut self.features, std::mem::take(&mut self.has_given_head)).is_none()
            || features::clear_kind(&mut self.features, self.kind).is_none()
        {
            let host_context = self.features.take_host_context();
            let Some(server) = self.features.defaults().cloned() else { return false };
            self.features = features::collection(self.kind, &self.shared, &server);
            self.revision = self.features.revision();
            if let Some(context) = host_context {
                self.features.set_host_context(context);
            }
        }
        self.shared.reset();
        true
    }
}
