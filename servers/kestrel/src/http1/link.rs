//! What passes between the features of HTTP/1 requests and their connection.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use falconry_features::MinDataRate;
use http::{HeaderMap, StatusCode};

use super::{encode::encode_interim, inspect::Rejection};
use crate::KestrelServerLimits;

/// The shared state of one HTTP/1 connection. All sides usually run in the same task; the locks are for the
/// application, which may call from others.
#[derive(Debug)]
pub(crate) struct Http1Link {
    has_interim: AtomicBool,
    has_changed_rates: AtomicBool,
    has_flush_waiter: AtomicBool,
    flushes: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    body_failure: Option<Rejection>,
    rates: DataRates,
    interim: Interim,
    flush_waiter: Option<Waker>,
}

/// The minimum rates of the request under way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DataRates {
    pub(crate) request_body: Option<MinDataRate>,
    pub(crate) response: Option<MinDataRate>,
}

/// Interim responses that wait for the socket.
#[derive(Debug, Default)]
struct Interim {
    bytes: Vec<u8>,
    is_queued: bool,
    sender: Option<Waker>,
}

impl DataRates {
    fn of(limits: &KestrelServerLimits) -> Self {
        Self { request_body: limits.min_request_body_data_rate(), response: limits.min_response_data_rate() }
    }
}

impl Http1Link {
    pub(crate) fn new(limits: &KestrelServerLimits) -> Self {
        Self {
            has_interim: AtomicBool::new(false),
            has_changed_rates: AtomicBool::new(false),
            has_flush_waiter: AtomicBool::new(false),
            flushes: AtomicU64::new(0),
            state: Mutex::new(State { rates: DataRates::of(limits), ..State::default() }),
        }
    }

    pub(crate) fn fail_body(&self, rejection: Rejection) {
        self.lock().body_failure = Some(rejection);
    }

    pub(crate) fn body_failure(&self) -> Option<Rejection> {
        self.lock().body_failure
    }

    pub(crate) fn rates(&self) -> DataRates {
        self.lock().rates
    }

    pub(crate) fn change_rates(&self, change: impl FnOnce(&mut DataRates)) {
        change(&mut self.lock().rates);
        self.has_changed_rates.store(true, Ordering::Relaxed);
    }

    /// The rates of the next request are the server's own again.
    pub(crate) fn reset_rates(&self, limits: &KestrelServerLimits) {
        if self.has_changed_rates.load(Ordering::Relaxed) {
            self.has_changed_rates.store(false, Ordering::Relaxed);
            self.lock().rates = DataRates::of(limits);
        }
    }

    /// Queues an interim response and completes when the connection has put it on its way.
    pub(crate) fn poll_send_interim(
        &self,
        cx: &mut Context<'_>,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Poll<()> {
        let mut state = self.lock();
        let interim = &mut state.interim;
        if interim.is_queued && interim.bytes.is_empty() {
            interim.is_queued = false;
            return Poll::Ready(());
        }
        if !interim.is_queued {
            interim.is_queued = true;
            encode_interim(&mut interim.bytes, status, headers);
            self.has_interim.store(true, Ordering::Relaxed);
        }
        interim.sender = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Takes the interim responses that wait, to write them, and tells their sender.
    pub(super) fn take_interim(&self) -> Option<Vec<u8>> {
        if !self.has_interim.load(Ordering::Relaxed) {
            return None;
        }
        self.has_interim.store(false, Ordering::Relaxed);
        let interim = &mut self.lock().interim;
        if let Some(sender) = interim.sender.take() {
            sender.wake();
        }
        Some(std::mem::take(&mut interim.bytes))
    }

    /// Completes when the connection has written everything, counted from the first call with this `wait`.
    pub(crate) fn poll_flushed(&self, cx: &mut Context<'_>, wait: &mut Option<u64>) -> Poll<()> {
        let mut state = self.lock();
        let flushes = self.flushes.load(Ordering::Relaxed);
        if flushes > *wait.get_or_insert(flushes) {
            *wait = None;
            return Poll::Ready(());
        }
        state.flush_waiter = Some(cx.waker().clone());
        self.has_flush_waiter.store(true, Ordering::Relaxed);
        Poll::Pending
    }

    /// The connection, whose task is polled in `cx`, has written everything; true if somebody in that task waited
    /// for it.
    pub(super) fn flushed(&self, cx: &Context<'_>) -> bool {
        self.flushes.store(self.flushes.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        if !self.has_flush_waiter.load(Ordering::Relaxed) {
            return false;
        }
        self.has_flush_waiter.store(false, Ordering::Relaxed);
        let Some(waiter) = self.lock().flush_waiter.take() else { return false };
        let is_own = waiter.will_wake(cx.waker());
        if !is_own {
            waiter.wake();
        }
        is_own
    }

    /// Forgets interim responses that the response itself has overtaken.
    pub(super) fn drop_interim(&self) {
        if self.has_interim.load(Ordering::Relaxed) {
            self.has_interim.store(false, Ordering::Relaxed);
            self.lock().interim = Interim::default();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
