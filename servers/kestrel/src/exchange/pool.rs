//! Exchanges are used again: a connection makes the objects of its features once.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use falconry_features::{FeatureCollection, HttpApplication, HttpRequestFeature, RequestBody, ResponseHead};
use http::HeaderMap;

use super::{ExchangeShared, features};
use crate::{connection::ConnectionShared, http1::Rejection};

/// Exchanges that wait for the next request of their connection.
#[derive(Debug)]
pub(crate) struct ExchangePool {
    connection: Arc<ConnectionShared>,
    free: Mutex<Vec<Box<Exchange>>>,
}

/// The features of one exchange and what the server side needs beside them.
pub(crate) struct Exchange {
    pub(crate) shared: Arc<ExchangeShared>,
    pub(crate) application: Arc<dyn HttpApplication>,
    /// Here between requests; in the application's hands during one.
    pub(crate) features: FeatureCollection,
    /// The collection's revision when nobody has changed anything.
    pub(crate) revision: u64,
    /// Storage for the fields of the next response.
    pub(crate) spare_headers: HeaderMap,
    home: Weak<ExchangePool>,
}

impl ExchangePool {
    pub(crate) fn new(connection: Arc<ConnectionShared>) -> Arc<Self> {
        Arc::new(Self { connection, free: Mutex::new(Vec::with_capacity(1)) })
    }

    /// An exchange that holds nothing of any request.
    pub(crate) fn take(self: &Arc<Self>) -> Box<Exchange> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        free.unwrap_or_else(|| Box::new(Exchange::new(Arc::clone(&self.connection), Arc::downgrade(self))))
    }
}

impl Exchange {
    fn new(connection: Arc<ConnectionShared>, home: Weak<ExchangePool>) -> Self {
        let application = Arc::clone(&connection.server.application);
        let shared = Arc::new(ExchangeShared::new(connection));
        let features = features::collection(&shared);
        Self {
            revision: features.revision(),
            shared,
            application,
            features,
            spare_headers: HeaderMap::new(),
            home,
        }
    }

    /// Fills a cleared exchange with a request.
    pub(crate) fn fill(
        &mut self,
        parts: http::request::Parts,
        body: RequestBody,
        raw_target: Option<&[u8]>,
    ) -> Result<(), Rejection> {
        let spare_headers = std::mem::take(&mut self.spare_headers);
        features::fill_response(self, spare_headers);
        features::fill_request(self, parts, body, raw_target)
    }

    /// The head of the finished response; its feature is empty afterwards.
    pub(crate) fn take_head(&mut self) -> Option<ResponseHead> {
        features::take_head(&mut self.features)
    }

    /// What is left of the request's body.
    pub(crate) fn take_request_body(&mut self) -> Option<RequestBody> {
        Some(self.features.get_mut::<dyn HttpRequestFeature>()?.take_body())
    }

    /// Puts the exchange back for the next request of its connection, cleared.
    pub(crate) fn recycle(mut self: Box<Self>) {
        let Some(home) = self.home.upgrade() else { return };
        features::clear(&mut self);
        home.free.lock().unwrap_or_else(PoisonError::into_inner).push(self);
    }
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").field("shared", &self.shared).finish_non_exhaustive()
    }
}
