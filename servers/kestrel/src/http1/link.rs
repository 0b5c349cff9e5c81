//! What passes between the guarded socket, hyper's service and the connection's task.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use falconry_features::MinDataRate;
use http::{HeaderMap, StatusCode};

use super::inspect::Rejection;
use crate::{
    KestrelServerLimits,
    exchange::{Driver, ExchangeShared},
};

/// The shared state of one HTTP/1 connection. All sides run in the same task; the locks are for the
/// application, which may call from others.
#[derive(Debug)]
pub(crate) struct Http1Link {
    /// Heads that the guard has handed to hyper.
    pub(crate) heads_passed: AtomicU64,
    /// Requests that the service has taken.
    pub(crate) requests_taken: AtomicU64,
    /// A request has been taken and its response has not been handed over to its last byte.
    pub(crate) is_in_flight: AtomicBool,
    /// The application waits for the request's body.
    pub(crate) is_app_reading: AtomicBool,
    /// The request under way is HTTP/1.0, and the head of its answer has not been written.
    pub(crate) is_http10_head_due: AtomicBool,
    /// Bytes that have arrived after the last head that was passed.
    pub(crate) has_more_input: AtomicBool,
    has_notes: AtomicBool,
    has_interim: AtomicBool,
    has_changed_rates: AtomicBool,
    has_flush_waiter: AtomicBool,
    flushes: AtomicU64,
    current_address: AtomicUsize,
    state: Mutex<State>,
    default_rates: DataRates,
}

#[derive(Debug, Default)]
struct State {
    notes: VecDeque<(u64, HeadNote)>,
    body_failure: Option<Rejection>,
    rates: DataRates,
    interim: Interim,
    current: Weak<ExchangeShared>,
    upgraded: Option<Driver>,
    flush_waiter: Option<Waker>,
}

/// What the service must know of a head beyond what hyper has parsed of it.
#[derive(Debug, Default)]
pub(crate) struct HeadNote {
    /// The request is answered with this and nothing else.
    pub(crate) rejection: Option<Rejection>,
    /// The target as it stood on the wire.
    pub(crate) raw_target: Option<Vec<u8>>,
    /// The connection may turn into something else.
    pub(crate) may_upgrade: bool,
    /// There is a TE field.
    pub(crate) has_te: bool,
    /// The connection closes after the response.
    pub(crate) close: bool,
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

impl Http1Link {
    pub(crate) fn new(limits: &KestrelServerLimits) -> Self {
        let default_rates = DataRates {
            request_body: limits.min_request_body_data_rate(),
            response: limits.min_response_data_rate(),
        };
        Self {
            heads_passed: AtomicU64::new(0),
            requests_taken: AtomicU64::new(0),
            is_in_flight: AtomicBool::new(false),
            is_app_reading: AtomicBool::new(false),
            is_http10_head_due: AtomicBool::new(false),
            has_more_input: AtomicBool::new(false),
            has_notes: AtomicBool::new(false),
            has_interim: AtomicBool::new(false),
            has_changed_rates: AtomicBool::new(false),
            has_flush_waiter: AtomicBool::new(false),
            flushes: AtomicU64::new(0),
            current_address: AtomicUsize::new(0),
            state: Mutex::new(State { rates: default_rates, ..State::default() }),
            default_rates,
        }
    }

    /// Notes something of the head that is passed as number `head`.
    pub(crate) fn note(&self, head: u64, note: HeadNote) {
        self.lock().notes.push_back((head, note));
        self.has_notes.store(true, Ordering::Relaxed);
    }

    /// Counts a request and takes what was noted of its head.
    pub(crate) fn take_request(&self) -> (u64, Option<HeadNote>) {
        // Only the connection's task counts; a plain store is enough.
        let number = self.requests_taken.load(Ordering::Relaxed) + 1;
        self.requests_taken.store(number, Ordering::Relaxed);
        self.is_in_flight.store(true, Ordering::Relaxed);
        if !self.has_notes.load(Ordering::Relaxed) {
            return (number, None);
        }
        let mut state = self.lock();
        let note = match state.notes.front() {
            Some((head, _)) if *head == number => state.notes.pop_front().map(|(_, note)| note),
            _ => None,
        };
        self.has_notes.store(!state.notes.is_empty(), Ordering::Relaxed);
        (number, note)
    }

    /// The number of the last request that the service has taken.
    pub(crate) fn request_number(&self) -> u64 {
        self.requests_taken.load(Ordering::Relaxed)
    }

    /// Names the exchange that hears of the client's end.
    pub(crate) fn set_current(&self, exchange: &Arc<ExchangeShared>) {
        let address = Arc::as_ptr(exchange) as usize;
        // Nearly always it is the same one again; the address spares the lock.
        if self.current_address.load(Ordering::Relaxed) != address {
            self.current_address.store(address, Ordering::Relaxed);
            self.lock().current = Arc::downgrade(exchange);
        }
    }

    /// The exchange of the request under way.
    pub(crate) fn current(&self) -> Option<Arc<ExchangeShared>> {
        self.lock().current.upgrade()
    }

    /// True if hyper has further heads in its buffer: another answer is about to follow.
    pub(crate) fn has_more_heads(&self) -> bool {
        self.heads_passed.load(Ordering::Relaxed) > self.requests_taken.load(Ordering::Relaxed)
    }

    /// Once for every HTTP/1.0 request: the head of its answer is about to be written.
    pub(crate) fn takes_http10_head(&self) -> bool {
        let is_due = self.is_http10_head_due.load(Ordering::Relaxed);
        self.is_http10_head_due.store(false, Ordering::Relaxed);
        is_due
    }

    /// True if nothing of a further request has arrived.
    pub(crate) fn is_at_last_request(&self) -> bool {
        self.heads_passed.load(Ordering::Relaxed) == self.requests_taken.load(Ordering::Relaxed)
            && !self.has_more_input.load(Ordering::Relaxed)
    }

    /// A run that has left HTTP waits here for the connection's task.
    pub(crate) fn put_upgraded(&self, driver: Driver) {
        self.lock().upgraded = Some(driver);
    }

    pub(crate) fn take_upgraded(&self) -> Option<Driver> {
        self.lock().upgraded.take()
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
    pub(crate) fn reset_rates(&self) {
        if self.has_changed_rates.load(Ordering::Relaxed) {
            self.has_changed_rates.store(false, Ordering::Relaxed);
            self.lock().rates = self.default_rates;
        }
    }

    /// Queues an interim response and completes when the guard has put it on its way.
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

    /// Takes the interim responses that wait, for the guard to write them.
    pub(crate) fn take_interim(&self) -> Option<Vec<u8>> {
        if !self.has_interim.load(Ordering::Relaxed) {
            return None;
        }
        self.has_interim.store(false, Ordering::Relaxed);
        Some(std::mem::take(&mut self.lock().interim.bytes))
    }

    /// Completes when the guard has written everything, counted from the first call with this `wait`.
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

    /// The guard has written everything.
    pub(crate) fn flushed(&self) {
        self.flushes.store(self.flushes.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        if self.has_flush_waiter.load(Ordering::Relaxed) {
            self.has_flush_waiter.store(false, Ordering::Relaxed);
            if let Some(waiter) = self.lock().flush_waiter.take() {
                waiter.wake();
            }
        }
    }

    /// Forgets interim responses that the response itself has overtaken.
    pub(crate) fn drop_interim(&self) {
        if self.has_interim.load(Ordering::Relaxed) {
            self.has_interim.store(false, Ordering::Relaxed);
            self.lock().interim = Interim::default();
        }
    }

    /// Tells the sender that its interim responses are on their way.
    pub(crate) fn interim_sent(&self) {
        if let Some(sender) = self.lock().interim.sender.take() {
            sender.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn encode_interim(bytes: &mut Vec<u8>, status: StatusCode, headers: &HeaderMap) {
    let phrase = status.canonical_reason().unwrap_or_default();
    bytes.extend_from_slice(format!("HTTP/1.1 {} {phrase}\r\n", status.as_str()).as_bytes());
    for (name, value) in headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
}
