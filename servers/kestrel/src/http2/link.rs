//! What passes between the features of a request and the stream that carries it.

use std::{
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use falconry_features::MinDataRate;
use h2::Reason;
use http::{HeaderMap, Response, StatusCode};

use crate::http1::Rejection;

/// The shared state of one stream. Pooled with its exchange: [`begin`](Self::begin) makes it fit for
/// the next request.
#[derive(Default)]
pub(crate) struct StreamLink {
    state: Mutex<State>,
    is_http3: bool,
    /// Data has been taken from the application and not been sent.
    is_in_hand: AtomicBool,
    has_flusher: AtomicBool,
}

#[derive(Default)]
struct State {
    reset: Option<Reason>,
    interim: Vec<Response<()>>,
    body_failure: Option<Rejection>,
    body_rate: Option<MinDataRate>,
    task: Option<Waker>,
    flusher: Option<Waker>,
}

impl StreamLink {
    /// For a stream of HTTP/3.
    #[cfg(feature = "http3")]
    pub(crate) fn http3() -> Self {
        Self { is_http3: true, ..Self::default() }
    }

    pub(crate) fn is_http3(&self) -> bool {
        self.is_http3
    }

    /// Forgets the last request.
    pub(crate) fn begin(&self, body_rate: Option<MinDataRate>) {
        let mut state = self.lock();
        state.reset = None;
        state.interim.clear();
        state.body_failure = None;
        state.body_rate = body_rate;
        state.task = None;
        state.flusher = None;
        self.is_in_hand.store(false, Ordering::Relaxed);
    }

    /// Resets the stream with `reason`, unless that has been asked for already.
    pub(crate) fn reset(&self, reason: Reason) {
        let mut state = self.lock();
        state.reset.get_or_insert(reason);
        let task = state.task.take();
        drop(state);
        if let Some(task) = task {
            task.wake();
        }
    }

    /// Gives the stream up for no reason of the client's.
    pub(crate) fn abort(&self) {
        self.reset(Reason::INTERNAL_ERROR);
    }

    /// The reason with which the stream shall be reset; the task that is polled in `cx` hears of a later
    /// one.
    pub(crate) fn poll_reset(&self, cx: &Context<'_>) -> Option<Reason> {
        let mut state = self.lock();
        match &mut state.task {
            Some(task) => task.clone_from(cx.waker()),
            None => state.task = Some(cx.waker().clone()),
        }
        state.reset
    }

    /// The reason of a response that was given up.
    pub(crate) fn reason(&self) -> Reason {
        self.lock().reset.unwrap_or(Reason::INTERNAL_ERROR)
    }

    /// Asks a client that waits for it to send the body.
    pub(crate) fn send_continue(&self) {
        self.send_interim(StatusCode::CONTINUE, HeaderMap::new());
    }

    /// Queues an interim response (RFC 9113 section 8.1).
    pub(crate) fn send_interim(&self, status: StatusCode, headers: HeaderMap) {
        let mut response = Response::new(());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        let mut state = self.lock();
        state.interim.push(response);
        let task = state.task.take();
        drop(state);
        if let Some(task) = task {
            task.wake();
        }
    }

    pub(crate) fn take_interim(&self) -> Vec<Response<()>> {
        std::mem::take(&mut self.lock().interim)
    }

    /// The server has ended the request's body with this.
    pub(crate) fn fail_body(&self, rejection: Rejection) {
        self.lock().body_failure = Some(rejection);
    }

    pub(crate) fn body_failure(&self) -> Option<Rejection> {
        self.lock().body_failure
    }

    pub(crate) fn body_rate(&self) -> Option<MinDataRate> {
        self.lock().body_rate
    }

    pub(crate) fn disable_body_rate(&self) {
        self.lock().body_rate = None;
    }

    /// Notes whether anything of the response is between the application and h2.
    pub(super) fn set_in_hand(&self, is_in_hand: bool) {
        self.is_in_hand.store(is_in_hand, Ordering::Release);
        if !is_in_hand && self.has_flusher.swap(false, Ordering::AcqRel) {
            let flusher = self.lock().flusher.take();
            if let Some(flusher) = flusher {
                flusher.wake();
            }
        }
    }

    /// Completes when nothing of the response is between the application and h2.
    pub(crate) fn poll_handed_over(&self, cx: &Context<'_>) -> Poll<()> {
        if !self.is_in_hand.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        self.lock().flusher = Some(cx.waker().clone());
        self.has_flusher.store(true, Ordering::Release);
        // It may have been sent meanwhile.
        if self.is_in_hand.load(Ordering::Acquire) { Poll::Pending } else { Poll::Ready(()) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for StreamLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamLink").finish_non_exhaustive()
    }
}
