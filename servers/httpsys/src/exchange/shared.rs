//! What the features of a request share with the server.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use falconry_features::{CancellationToken, User};
use http::{HeaderMap, Version};

use super::output::{Output, Phase};
use crate::{
    AuthenticationSchemes, ClientCertificateMethod,
    driver::{Driver, DriverFeature, RequestHandle, TlsInfo},
};

/// What does not change while the server runs.
#[derive(Debug)]
pub(crate) struct ServerSettings {
    pub(crate) driver: Arc<dyn Driver>,
    pub(crate) schemes: LiveSchemes,
    pub(crate) client_certificate_method: ClientCertificateMethod,
    pub(crate) automatic_authentication: bool,
    pub(crate) enable_response_caching: bool,
    pub(crate) throw_write_exceptions: bool,
    pub(crate) buffers_responses: bool,
    pub(crate) max_request_body_size: Option<u64>,
    pub(crate) driver_frames: bool,
    /// Cleared for good once the driver has refused it.
    pub(crate) can_go_away: AtomicBool,
}

/// Schemes of authentication that can be changed while requests look at them.
#[derive(Debug)]
pub(crate) struct LiveSchemes(AtomicU32);

impl LiveSchemes {
    pub(crate) fn new(schemes: AuthenticationSchemes) -> Self {
        Self(AtomicU32::new(schemes.bits()))
    }

    pub(crate) fn get(&self) -> AuthenticationSchemes {
        AuthenticationSchemes::from_bits(self.0.load(Ordering::Acquire))
    }

    pub(crate) fn set(&self, schemes: AuthenticationSchemes) {
        self.0.store(schemes.bits(), Ordering::Release);
    }
}

/// One request and response in progress. Pooled: [`reset`](Self::reset) makes it fit for the next.
pub(crate) struct ExchangeShared {
    pub(crate) settings: Arc<ServerSettings>,
    state: Mutex<State>,
    /// The application has returned.
    pub(crate) is_ended: AtomicBool,
    /// The request's body has not been dropped.
    pub(crate) has_body: AtomicBool,
}

/// Everything of an exchange that both sides change.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) handle: Option<Arc<dyn RequestHandle>>,
    pub(crate) version: Version,
    pub(crate) client_keeps: bool,
    pub(crate) output: Output,
    pub(crate) body: RequestBodyState,
    /// The client asks for an upgrade.
    pub(crate) is_upgrade_request: bool,
    pub(crate) is_upgraded: bool,
    pub(crate) is_delegated: bool,
    /// The application has failed: what is sent is the answer to that.
    pub(crate) has_failed: bool,
    /// The application reads the body and waits.
    pub(crate) is_reading: bool,
    /// Somebody has asked that the connection close after this response.
    pub(crate) close_requested: Option<CancellationToken>,
    pub(crate) request_id: u64,
    pub(crate) trace_identifier: Option<String>,
    pub(crate) tls: Option<Arc<TlsInfo>>,
    /// Whom the system has authenticated, while the application has not asked.
    pub(crate) user: Option<User>,
    abort_token: Option<CancellationToken>,
    /// The one that the driver fires; it stays when middleware replaces the other.
    pub(crate) disconnected: Option<CancellationToken>,
}

/// Where reading the request's body stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RequestBodyState {
    pub(crate) can_have_body: bool,
    pub(crate) max_size: Option<u64>,
    pub(crate) declared: Option<u64>,
    pub(crate) has_begun: bool,
}

impl ExchangeShared {
    pub(crate) fn new(settings: Arc<ServerSettings>) -> Self {
        Self {
            settings,
            state: Mutex::default(),
            is_ended: AtomicBool::new(false),
            has_body: AtomicBool::new(false),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operations of the request, while there are any.
    pub(crate) fn handle(&self) -> Option<Arc<dyn RequestHandle>> {
        self.lock().handle.clone()
    }

    pub(crate) fn supports(&self, feature: DriverFeature) -> bool {
        self.settings.driver.is_feature_supported(feature)
    }

    /// The token of this request; made, and the client watched, when somebody first asks for it.
    pub(crate) fn abort_token(&self) -> CancellationToken {
        let mut state = self.lock();
        if let Some(token) = &state.abort_token {
            return token.clone();
        }
        let token = CancellationToken::new();
        state.abort_token = Some(token.clone());
        let is_aborted = state.output.phase == Phase::Aborted;
        let handle = state.handle.clone().filter(|_| state.output.phase != Phase::Completed);
        drop(state);
        if is_aborted {
            token.cancel();
        } else if let Some(handle) = handle {
            let disconnected = handle.disconnected();
            self.lock().disconnected = Some(disconnected.clone());
            let fires = token.clone();
            disconnected.on_cancelled(move || fires.cancel());
        }
        token
    }

    pub(crate) fn set_abort_token(&self, token: CancellationToken) {
        // The client is watched all the same.
        self.abort_token();
        self.lock().abort_token = Some(token);
    }

    /// Tells the application that the client has gone.
    pub(crate) fn notify_aborted(&self) {
        let token = self.lock().abort_token.clone();
        if let Some(token) = token {
            token.cancel();
        }
    }

    /// Gives the request up: tells the application, and fails what it still writes.
    pub(crate) fn abort(&self, stream_error: Option<u32>) {
        let mut state = self.lock();
        if matches!(state.output.phase, Phase::Completed | Phase::Aborted) || state.is_delegated {
            return;
        }
        state.output.abort();
        let (handle, token) = (state.handle.clone(), state.abort_token.clone());
        drop(state);
        if let Some(token) = token {
            token.cancel();
        }
        if let Some(handle) = handle {
            if let Some(code) = stream_error {
                // Without it the stream ends by the driver's own code.
                let _ = handle.set_stream_error(code);
            }
            // The client may have been faster.
            let _ = handle.cancel();
        }
    }

    /// Lets go of the driver's request: nothing can be done with it any more.
    pub(crate) fn let_go(&self) {
        let handle = self.lock().handle.take();
        drop(handle);
    }

    /// Makes it fit for the next request. Who still holds the old token does not see the new request.
    pub(crate) fn reset(&self) {
        let mut state = self.lock();
        state.output.reset();
        state.handle = None;
        state.body = RequestBodyState::default();
        (state.is_upgraded, state.is_delegated, state.is_reading) = (false, false, false);
        state.has_failed = false;
        (state.close_requested, state.trace_identifier, state.tls) = (None, None, None);
        (state.user, state.abort_token, state.disconnected) = (None, None, None);
        drop(state);
        self.is_ended.store(false, Ordering::Relaxed);
    }
}

impl State {
    /// True for HTTP/2 and later.
    pub(crate) fn is_stream(&self) -> bool {
        self.version >= Version::HTTP_2
    }

    /// The `Connection` of a response whose connection somebody has asked to close. That of an answer to a failure is
    /// meant for HTTP/1; a stream leaves the others alone.
    pub(crate) fn note_close(&self, fields: &mut HeaderMap) {
        if self.has_failed && self.is_stream() {
            fields.remove(http::header::CONNECTION);
        }
        if self.close_requested.as_ref().is_some_and(CancellationToken::is_cancelled) {
            fields.insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
        }
    }
}

impl fmt::Debug for ExchangeShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeShared").finish_non_exhaustive()
    }
}
