//! Interim responses on their way from the backend.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use http::{HeaderMap, Request, StatusCode};

use super::{body::ForwardBody, fields};

/// The most interim responses of one request that are passed on; more are dropped.
const MOST: usize = 64;

/// What came ahead of the response and has not been passed on.
#[derive(Clone, Default)]
pub(super) struct Interim(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// So that nothing has to be locked for the most requests, which have none.
    has_any: AtomicBool,
    count: AtomicUsize,
    is_continue_due: AtomicBool,
    waiting: Mutex<Vec<(StatusCode, HeaderMap)>>,
}

impl Interim {
    /// Notes the interim responses to `request`.
    pub(super) fn watch(&self, request: &mut Request<ForwardBody>) {
        let shared = Arc::clone(&self.0);
        hyper::ext::on_informational(request, move |response| {
            shared.received(response.status(), response.headers());
        });
    }

    /// Whether `100 Continue` has come since the last call.
    pub(super) fn take_continue(&self) -> bool {
        self.0.is_continue_due.load(Ordering::Acquire) && self.0.is_continue_due.swap(false, Ordering::AcqRel)
    }

    /// What has come since the last call.
    pub(super) fn take(&self) -> Vec<(StatusCode, HeaderMap)> {
        if !self.has_any() {
            return Vec::new();
        }
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.has_any.store(false, Ordering::Release);
        std::mem::take(&mut *waiting)
    }

    pub(super) fn has_any(&self) -> bool {
        self.0.has_any.load(Ordering::Acquire)
    }
}

impl Shared {
    fn received(&self, status: StatusCode, headers: &HeaderMap) {
        if status == StatusCode::CONTINUE {
            self.is_continue_due.store(true, Ordering::Release);
            return;
        }
        if self.count.fetch_add(1, Ordering::Relaxed) >= MOST {
            return;
        }
        let nominated = fields::Nominated::new(headers);
        let mut passed = HeaderMap::with_capacity(headers.len());
        for (name, value) in headers {
            if !fields::is_hop_by_hop(name) && !nominated.contains(name) {
                passed.append(name.clone(), value.clone());
            }
        }
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((status, passed));
        self.has_any.store(true, Ordering::Release);
    }
}

impl fmt::Debug for Interim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interim").field("count", &self.0.count).finish_non_exhaustive()
    }
}
