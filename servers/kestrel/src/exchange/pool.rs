//! Exchanges are used again: a connection makes the objects of its features once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering};

use bytes::Bytes;
use falconry_features::{
    FeatureCollection, HttpApplication, HttpRequestFeature, HttpResponseFeature, Items, RequestBody,
    ResponseHead,
};
use http::HeaderMap;

use super::{ExchangeShared, features};
use crate::{
    connection::ConnectionShared,
    http1::{Head, Rejection},
    http2::StreamLink,
};

/// Exchanges that wait for the next request of their connection.
#[derive(Debug, Default)]
pub(crate) struct ExchangePool {
    free: Mutex<Free>,
}

#[derive(Debug, Default)]
struct Free {
    #[expect(clippy::vec_box, reason = "an exchange stays in its box wherever it goes; it is never copied")]
    exchanges: Vec<Box<Exchange>>,
    /// What the features of exchanges that are gone have kept for others.
    states: Vec<Items>,
    is_closed: bool,
}

/// The features of one exchange and what the server side needs beside them.
pub(crate) struct Exchange {
    pub(crate) shared: Arc<ExchangeShared>,
    pub(crate) application: Arc<dyn HttpApplication>,
    /// Here between requests; in the application's hands during one.
    pub(crate) features: FeatureCollection,
    /// The collection's revision when nobody has changed anything.
    pub(crate) revision: u64,
}

impl ExchangePool {
    /// An exchange that holds nothing of any request.
    pub(crate) fn take(&self, connection: &Arc<ConnectionShared>) -> Box<Exchange> {
        let free = self.lock().exchanges.pop();
        free.unwrap_or_else(|| Box::new(Exchange::new(Arc::clone(connection), None)))
    }

    /// The same for a stream of HTTP/2.
    pub(crate) fn take_for_stream(&self, connection: &Arc<ConnectionShared>) -> Box<Exchange> {
        let free = self.lock().exchanges.pop();
        free.unwrap_or_else(|| Box::new(Exchange::new(Arc::clone(connection), Some(StreamLink::default()))))
    }

    /// The same for a stream of HTTP/3.
    #[cfg(feature = "http3")]
    pub(crate) fn take_for_http3(&self, connection: &Arc<ConnectionShared>) -> Box<Exchange> {
        let free = self.lock().exchanges.pop();
        free.unwrap_or_else(|| Box::new(Exchange::new(Arc::clone(connection), Some(StreamLink::http3()))))
    }

    /// The connection rests: exchanges are made anew when it goes on.
    pub(crate) fn rest(&self) {
        // They go when the lock is free: their features come back here.
        let resting = std::mem::take(&mut self.lock().exchanges);
        drop(resting);
    }

    /// The connection has ended: exchanges, which know it, are not kept any more.
    pub(crate) fn close(&self) {
        // They go when the lock is free: their features come back here.
        let kept = std::mem::replace(&mut *self.lock(), Free { is_closed: true, ..Free::default() });
        drop(kept);
    }

    /// What another exchange's features have kept.
    pub(super) fn take_state(&self) -> Items {
        self.lock().states.pop().unwrap_or_default()
    }

    /// Keeps what requests have left for those to come.
    pub(super) fn put_state(&self, state: Items) {
        let mut free = self.lock();
        if !free.is_closed {
            free.states.push(state);
        }
    }

    fn put(&self, exchange: Box<Exchange>) {
        let mut free = self.lock();
        if !free.is_closed {
            free.exchanges.push(exchange);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Free> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange {
    fn new(connection: Arc<ConnectionShared>, stream: Option<StreamLink>) -> Self {
        let application = Arc::clone(&connection.server.application);
        let shared = Arc::new(ExchangeShared::new(connection, stream));
        let features = features::prepared(&shared, &*application);
        Self { revision: features.revision(), shared, application, features }
    }

    /// Fills a cleared exchange with the head that starts `input`.
    pub(crate) fn fill(&mut self, head: &Head, input: &[u8]) -> Result<(), Rejection> {
        features::fill_head(self, head, input)
    }

    /// Gives the request its body.
    pub(crate) fn set_request_body(&mut self, body: RequestBody) {
        features::set_request_body(&mut self.features, body);
    }

    /// The fields of the request.
    pub(crate) fn request_headers(&self) -> Option<&HeaderMap> {
        Some(self.features.get::<dyn HttpRequestFeature>()?.headers())
    }

    /// The same for a stream of HTTP/2.
    pub(crate) fn fill_stream(
        &mut self,
        parts: http::request::Parts,
        body: RequestBody,
        scheme: Option<String>,
        protocol: Option<h2::ext::Protocol>,
    ) -> Result<(), Rejection> {
        features::fill_stream(self, parts, body, scheme, protocol)
    }

    /// The head of the finished response.
    pub(crate) fn head(&self) -> Option<&ResponseHead> {
        Some(self.features.get::<dyn HttpResponseFeature>()?.head())
    }

    /// The head of the finished response; its feature is empty afterwards.
    pub(crate) fn take_head(&mut self) -> Option<ResponseHead> {
        features::take_head(&mut self.features)
    }

    /// Ends the usual response at once and gives its only piece of body; `None` if it takes more than
    /// that.
    pub(super) fn end_whole(&self, features: &mut FeatureCollection) -> Option<Option<Bytes>> {
        match &self.shared.stream {
            Some(stream) if stream.is_http3() || features::has_trailers(features) => None,
            _ => features::end_whole(features),
        }
    }

    /// Drops what is left of the request's body; false if somebody holds it elsewhere.
    pub(crate) fn drop_request_body(&mut self) -> bool {
        if let Some(request) = self.features.get_mut::<dyn HttpRequestFeature>() {
            drop(request.take_body());
        }
        !self.shared.has_body.load(Ordering::Relaxed)
    }

    /// Puts the exchange back for the next request of its connection, cleared.
    pub(crate) fn recycle(mut self: Box<Self>) {
        features::clear(&mut self);
        self.shared.reset();
        self.put_back();
    }

    /// Clears what [`end_whole`](Self::end_whole) has left, for another request; `None` if it cannot serve one.
    pub(crate) fn cleared(mut self: Box<Self>) -> Option<Box<Self>> {
        features::clear_in_place(&mut self)?;
        // A body that the application has kept must not reach into another request.
        (!self.shared.has_body.load(Ordering::Relaxed)).then_some(self)
    }

    /// As [`cleared`](Self::cleared), but gives the head of the response.
    pub(super) fn clear_whole(&mut self) -> Option<ResponseHead> {
        features::clear_own(self)
    }

    /// Puts a cleared exchange back for the next request of its connection.
    pub(super) fn put_back(self: Box<Self>) {
        // A body that the application has kept must not reach into another request.
        if !self.shared.has_body.load(Ordering::Relaxed) {
            let connection = Arc::clone(&self.shared.connection);
            connection.exchanges.put(self);
        }
    }
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").field("shared", &self.shared).finish_non_exhaustive()
    }
}
