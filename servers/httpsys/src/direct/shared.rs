//! What the features of direct requests share with the server.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
};

use falconry_features::{
    CancellationToken, ConnectionLifetimeFeature, ConnectionLifetimeNotificationFeature, FeatureCollection,
    native_trace_identifier,
};

use super::RequestFacts;

/// The state of a connection's direct requests, one after the other.
#[derive(Debug)]
pub(super) struct DirectShared {
    /// What the connection offers beside its requests.
    connection: Option<Arc<FeatureCollection>>,
    /// The server's limit.
    max_request_body_size: Option<u64>,
    is_under_way: AtomicBool,
    request_id: AtomicU64,
    routed_at: AtomicI64,
    /// The request has something that only it has.
    is_changed: AtomicBool,
    own: Mutex<Own>,
}

/// What an application has asked for or set.
#[derive(Debug, Default)]
struct Own {
    trace_identifier: Option<String>,
    max_request_body_size: Option<Option<u64>>,
    close_requested: Option<CancellationToken>,
}

impl DirectShared {
    pub(super) fn new(
        max_request_body_size: Option<u64>,
        connection: Option<Arc<FeatureCollection>>,
    ) -> Self {
        Self {
            connection,
            max_request_body_size,
            is_under_way: AtomicBool::new(false),
            request_id: AtomicU64::new(0),
            routed_at: AtomicI64::new(0),
            is_changed: AtomicBool::new(false),
            own: Mutex::default(),
        }
    }

    pub(super) fn begin(&self, request: RequestFacts) {
        self.request_id.store(request.id, Ordering::Relaxed);
        self.routed_at.store(request.routed_at, Ordering::Relaxed);
        self.is_under_way.store(true, Ordering::Release);
    }

    /// Nothing of the request is left here; true if there is something to clear elsewhere, too.
    pub(super) fn clear(&self) -> bool {
        let is_changed = self.is_changed.load(Ordering::Acquire);
        if is_changed {
            *self.own() = Own::default();
            self.is_changed.store(false, Ordering::Release);
        }
        is_changed
    }

    pub(super) fn end(&self) {
        self.is_under_way.store(false, Ordering::Release);
    }

    /// There is something to clear after the request.
    pub(super) fn note_change(&self) {
        self.is_changed.store(true, Ordering::Release);
    }

    pub(super) fn routed_at(&self) -> i64 {
        self.routed_at.load(Ordering::Relaxed)
    }

    /// Gives the request up, if there is one: with HTTP/1 that is its connection.
    pub(super) fn abort(&self) {
        if self.is_under_way.load(Ordering::Acquire)
            && let Some(lifetime) = self.connection_feature::<dyn ConnectionLifetimeFeature>()
        {
            lifetime.abort();
        }
    }

    pub(super) fn trace_identifier(&self) -> String {
        let number = self.request_id.load(Ordering::Relaxed);
        self.change(|own| own.trace_identifier.get_or_insert_with(|| native_trace_identifier(number)).clone())
    }

    pub(super) fn set_trace_identifier(&self, identifier: &str) {
        self.change(|own| own.trace_identifier = Some(identifier.to_owned()));
    }

    pub(super) fn max_request_body_size(&self) -> Option<u64> {
        self.own().max_request_body_size.unwrap_or(self.max_request_body_size)
    }

    pub(super) fn set_max_request_body_size(&self, limit: Option<u64>) {
        self.change(|own| own.max_request_body_size = Some(limit));
    }

    /// Fires when somebody asks that the connection close after this request.
    pub(super) fn close_requested(&self) -> CancellationToken {
        self.change(|own| own.close_requested.get_or_insert_default().clone())
    }

    /// The connection closes after this request.
    pub(super) fn request_close(&self) {
        self.close_requested().cancel();
        if let Some(notification) = self.connection_feature::<dyn ConnectionLifetimeNotificationFeature>() {
            notification.request_close();
        }
    }

    fn connection_feature<F: ?Sized + falconry_features::Feature>(&self) -> Option<&F> {
        self.connection.as_ref()?.get::<F>()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Own) -> T) -> T {
        let mut own = self.own();
        self.note_change();
        change(&mut own)
    }

    fn own(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
