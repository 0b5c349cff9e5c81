//! What the features of a request, inside the application's future, share with the server outside.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use falconry_features::{CancellationToken, DuplexStream, FeatureError};
use http::HeaderMap;
use tokio::sync::oneshot;

use super::Output;
use crate::{connection::ConnectionShared, http2::StreamLink, server::OpenUpgrade};

/// One request and response in progress. Pooled: [`reset`](Self::reset) makes it fit for the next.
pub(crate) struct ExchangeShared {
    pub(crate) connection: Arc<ConnectionShared>,
    /// The stream of HTTP/2 that carries it; `None` on HTTP/1.
    pub(crate) stream: Option<StreamLink>,
    state: Mutex<State>,
    /// Counts the requests of the connection, or is the id of the stream.
    pub(crate) number: AtomicU64,
    aborted: AtomicBool,
    /// The application has returned: what is aborted now is its response, not the connection.
    pub(crate) is_ended: AtomicBool,
    /// Something has changed what the request sees of its connection.
    pub(crate) has_changed_connection: AtomicBool,
    /// The request's body has not been dropped.
    pub(crate) has_body: AtomicBool,
}

/// Everything of an exchange that both sides change.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) output: Output,
    pub(crate) request_body: RequestBodyState,
    pub(crate) upgrade: UpgradeState,
    /// Who waits for the raw stream after an upgrade.
    pub(crate) stream_sender: Option<oneshot::Sender<Box<dyn DuplexStream>>>,
    /// Counts the upgrade for as long as it is the exchange's.
    pub(crate) open_upgrade: Option<OpenUpgrade>,
    abort_token: Option<CancellationToken>,
    pub(crate) trace_identifier: Option<String>,
}

/// Where reading the request's body stands.
#[derive(Debug, Default)]
pub(crate) struct RequestBodyState {
    pub(crate) can_have_body: bool,
    pub(crate) max_size: Option<u64>,
    pub(crate) has_begun: bool,
    /// The client waits for 100 Continue before it sends the body.
    pub(crate) expects_continue: bool,
    pub(crate) is_at_end: bool,
    /// It was over the limit; the application was told.
    pub(crate) is_refused: bool,
    /// In a box, as few requests have any.
    pub(crate) trailers: Option<Box<HeaderMap>>,
}

/// Where leaving HTTP stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UpgradeState {
    #[default]
    Impossible,
    Possible,
    Done,
}

impl ExchangeShared {
    pub(crate) fn new(connection: Arc<ConnectionShared>, stream: Option<StreamLink>) -> Self {
        let state = State { request_body: RequestBodyState::none(limit(&connection)), ..State::default() };
        Self {
            connection,
            stream,
            state: Mutex::new(state),
            number: AtomicU64::new(0),
            aborted: AtomicBool::new(false),
            is_ended: AtomicBool::new(false),
            has_changed_connection: AtomicBool::new(false),
            has_body: AtomicBool::new(false),
        }
    }

    /// Begins a request; nothing of one before it is left. `body` is none if the request has none.
    pub(crate) fn begin(&self, number: u64, body: Option<RequestBodyState>, may_upgrade: bool) {
        self.number.store(number, Ordering::Relaxed);
        self.aborted.store(false, Ordering::Relaxed);
        self.is_ended.store(false, Ordering::Relaxed);
        // Most requests are as `reset` has left it: they save the lock.
        if body.is_some() || may_upgrade {
            let mut state = self.lock();
            if let Some(body) = body {
                state.request_body = body;
            }
            state.upgrade = if may_upgrade { UpgradeState::Possible } else { UpgradeState::Impossible };
        }
    }

    /// Makes it fit for the next request. Who still holds the old token does not see the new request.
    pub(crate) fn reset(&self) {
        self.lock().reset(limit(&self.connection));
    }

    /// As [`reset`](Self::reset), at the end of a whole response of one piece or less: gives the piece.
    /// `None` and no change if the response or the request is not as most are.
    pub(crate) fn take_whole(&self) -> Option<Option<Bytes>> {
        let mut state = self.lock();
        if state.upgrade == UpgradeState::Done || !state.request_body.is_at_end {
            return None;
        }
        let data = state.output.take_whole()?;
        state.reset(limit(&self.connection));
        Some(data)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token of this request; made when somebody first asks for it.
    pub(crate) fn abort_token(&self) -> CancellationToken {
        let token = self.lock().abort_token.get_or_insert_default().clone();
        if self.aborted.load(Ordering::Acquire) {
            token.cancel();
        }
        token
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.aborted.load(Ordering::Acquire)
    }

    pub(crate) fn set_abort_token(&self, token: CancellationToken) {
        self.lock().abort_token = Some(token);
    }

    /// Tells the application that the peer seems to have gone; an answer is still delivered.
    pub(crate) fn notify_aborted(&self) {
        self.aborted.store(true, Ordering::Release);
        let token = self.lock().abort_token.clone();
        if let Some(token) = token {
            token.cancel();
        }
    }

    /// Gives the request up: tells the application, and fails what it still writes.
    pub(crate) fn abort(&self) {
        self.lock().output.abort();
        self.notify_aborted();
    }
}

impl RequestBodyState {
    /// Of a request without a body.
    fn none(max_size: Option<u64>) -> Self {
        let is_at_end = true;
        Self {
            can_have_body: false,
            max_size,
            has_begun: false,
            expects_continue: false,
            is_at_end,
            is_refused: false,
            trailers: None,
        }
    }

    /// Before the first byte of a body.
    pub(crate) fn new(expects_continue: bool, max_size: Option<u64>) -> Self {
        Self { can_have_body: true, expects_continue, is_at_end: false, ..Self::none(max_size) }
    }
}

impl State {
    /// Forgets everything, keeping the storage.
    fn reset(&mut self, max_request_body_size: Option<u64>) {
        self.output.reset();
        self.request_body = RequestBodyState::none(max_request_body_size);
        self.upgrade = UpgradeState::Impossible;
        (self.stream_sender, self.abort_token, self.trace_identifier) = (None, None, None);
        self.open_upgrade = None;
    }

    /// The error of everything that comes after the connection has left HTTP.
    pub(crate) fn check_not_upgraded(&self) -> Result<(), FeatureError> {
        if self.upgrade == UpgradeState::Done {
            return Err(FeatureError::invalid_state(
                "the connection has been upgraded; use the stream that the upgrade gave",
            ));
        }
        Ok(())
    }
}

/// The server's limit of a request's body.
fn limit(connection: &ConnectionShared) -> Option<u64> {
    connection.options.limits.max_request_body_size()
}

impl fmt::Debug for ExchangeShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeShared").field("connection", &self.connection.id).finish_non_exhaustive()
    }
}
