//! The way of a response into the exchange's output.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::{BodyWrite, FeatureError, HttpResponseBodyFeature, ResponseHead, ResponseRules};
use http::{HeaderMap, Method};

use crate::{
    events,
    exchange::{ExchangeShared, Phase, UpgradeState},
};

/// Keeps the rules of the response and hands it to the server side.
#[derive(Debug)]
pub(crate) struct KestrelResponseBody {
    shared: Arc<ExchangeShared>,
    method: Method,
    rules: ResponseRules,
    /// The head until there is something to send with it.
    head: Option<Arc<ResponseHead>>,
    /// A flush that is being waited for.
    flush: Option<u64>,
}

impl KestrelResponseBody {
    pub(crate) fn new(shared: Arc<ExchangeShared>) -> Self {
        Self { shared, method: Method::GET, rules: ResponseRules::default(), head: None, flush: None }
    }

    /// Begins the answer to a request with `method`.
    pub(crate) fn begin(&mut self, method: &Method) {
        if self.method != *method {
            self.method.clone_from(method);
        }
        self.head = None;
        self.flush = None;
    }

    /// Ends the response.
    pub(crate) fn complete(&mut self, trailers: Option<HeaderMap>) -> Result<(), FeatureError> {
        let mut state = self.shared.lock();
        if state.output.phase == Phase::Completed || state.upgrade == UpgradeState::Done {
            return Ok(());
        }
        self.rules.finish()?;
        if let Some(head) = self.head.take() {
            state.output.start(head);
        }
        state.output.complete(trailers)
    }

    /// Ends a response without trailers that is as most are, and gives its piece of body; see
    /// [`ExchangeShared::take_whole`].
    pub(crate) fn complete_whole(&mut self) -> Option<Option<Bytes>> {
        // A head that is still here has no body, which is for `complete`.
        if self.head.is_some() || self.rules.finish().is_err() {
            return None;
        }
        self.shared.take_whole()
    }
}

impl HttpResponseBodyFeature for KestrelResponseBody {
    fn poll_start(
        &mut self,
        _cx: &mut Context<'_>,
        head: &Arc<ResponseHead>,
    ) -> Poll<Result<(), FeatureError>> {
        if head.status.is_informational() {
            return Poll::Ready(Err(FeatureError::invalid_state(format!(
                "{} is an interim status; send it with the informational response feature, then the response",
                head.status
            ))));
        }
        self.rules = ResponseRules::new(&self.method, head)?;
        self.head = Some(Arc::clone(head));
        Poll::Ready(Ok(()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &mut Bytes) -> Poll<Result<(), FeatureError>> {
        if data.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let mut state = self.shared.lock();
        state.check_not_upgraded()?;
        check_open(state.output.phase)?;
        // Counted on a copy: a call that has to wait is repeated and must count once.
        let mut rules = self.rules.clone();
        if rules.write(data.len())? == BodyWrite::Drop {
            drop(state);
            if self.method == Method::HEAD {
                events::head_response_body_write(&self.shared, data.len());
            }
            data.clear();
            return Poll::Ready(Ok(()));
        }
        if let Some(head) = self.head.take() {
            state.output.start(head);
        }
        let limit = self.shared.connection.options.limits.max_response_buffer_size();
        let pushed = state.output.poll_push(cx, data, limit)?;
        if pushed.is_ready() {
            self.rules = rules;
        }
        pushed.map(Ok)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        let mut state = self.shared.lock();
        state.check_not_upgraded()?;
        if let Some(head) = self.head.take() {
            state.output.start(head);
        }
        if state.output.poll_drained(cx)?.is_pending() {
            return Poll::Pending;
        }
        drop(state);
        // Taken is not sent: that it is shows when the protocol has flushed.
        let flushed = self.shared.poll_flushed(cx, &mut self.flush);
        flushed.map(Ok)
    }

    fn poll_complete(
        &mut self,
        _cx: &mut Context<'_>,
        trailers: &mut Option<HeaderMap>,
    ) -> Poll<Result<(), FeatureError>> {
        self.complete(trailers.take())?;
        Poll::Ready(Ok(()))
    }

    fn is_completed(&self) -> bool {
        let state = self.shared.lock();
        state.output.phase == Phase::Completed || state.upgrade == UpgradeState::Done
    }

    /// The upgrade has noted it in the shared state already.
    fn take_over(&mut self) {}
}

fn check_open(phase: Phase) -> Result<(), FeatureError> {
    if phase == Phase::Completed {
        return Err(FeatureError::invalid_state("the response has already been completed"));
    }
    Ok(())
}
