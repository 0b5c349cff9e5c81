//! What the features of a request, inside the application's future, share with the server outside.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use falconry_features::{CancellationToken, DuplexStream, FeatureError};
use http::HeaderMap;
use tokio::sync::oneshot;

use super::Output;
use crate::{connection::ConnectionShared, http2::StreamLink};

/// One request and response in progress. Pooled: [`reset`](Self::reset) makes it fit for the next.
pub(crate) struct ExchangeShared {
    pub(crate) connection: Arc<ConnectionShared>,
    /// The stream of HTTP/2 that carries it; `None` on HTTP/1.
    pub(crate) stream: Option<StreamLink>,
    state: Mutex<State>,
    aborted: AtomicBool,
    /// The application has returned: what is aborted now is its response, not the connection.
    pub(crate) is_ended: AtomicBool,
}

/// Everything of an exchange that both sides change.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) output: Output,
    /// Counts the requests of the connection, or is the id of the stream.
    pub(crate) number: u64,
    pub(crate) request_body: RequestBodyState,
    pub(crate) upgrade: UpgradeState,
    /// Who waits for the raw stream after an upgrade.
    pub(crate) stream_sender: Option<oneshot::Sender<Box<dyn DuplexStream>>>,
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
    pub(crate) trailers: Option<HeaderMap>,
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
        Self {
            connection,
            stream,
            state: Mutex::default(),
            aborted: AtomicBool::new(false),
            is_ended: AtomicBool::new(false),
        }
    }

    /// Makes it fit for the next request. Who still holds the old token does not see the new request.
    pub(crate) fn reset(&self, number: u64, body: RequestBodyState, may_upgrade: bool) {
        let mut state = self.lock();
        let state = &mut *state;
        state.output.reset();
        state.number = number;
        state.request_body = body;
        state.upgrade = if may_upgrade { UpgradeState::Possible } else { UpgradeState::Impossible };
        state.stream_sender = None;
        state.abort_token = None;
        state.trace_identifier = None;
        self.aborted.store(false, Ordering::Relaxed);
        self.is_ended.store(false, Ordering::Relaxed);
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

    /// See [`RequestBodyState::may_drain`].
    pub(crate) fn may_drain_request(&self) -> bool {
        // HTTP/2 gives a stream up without harm to the others.
        self.stream.is_none() && self.lock().request_body.may_drain()
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
    pub(crate) fn new(can_have_body: bool, expects_continue: bool, max_size: Option<u64>) -> Self {
        Self {
            can_have_body,
            max_size,
            has_begun: false,
            expects_continue,
            is_at_end: !can_have_body,
            trailers: None,
        }
    }
}

impl RequestBodyState {
    /// True if the rest of the body may be read for nothing. A client that waits for 100 Continue
    /// has not sent it, and asking for it now would be a lie.
    pub(crate) fn may_drain(&self) -> bool {
        !self.is_at_end && !self.expects_continue
    }
}

impl State {
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

impl fmt::Debug for ExchangeShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeShared").field("connection", &self.connection.id).finish_non_exhaustive()
    }
}
