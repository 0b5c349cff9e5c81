//! The way of a response into the exchange's output.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::{BodyWrite, FeatureError, HttpResponseBodyFeature, ResponseHead, ResponseRules};
use http::HeaderMap;

use crate::exchange::{ExchangeShared, Phase, UpgradeState};

/// Keeps the rules of the response and hands it to the server side.
#[derive(Debug)]
pub(crate) struct KestrelResponseBody {
    shared: Arc<ExchangeShared>,
    rules: ResponseRules,
}

impl KestrelResponseBody {
    pub(crate) fn new(shared: Arc<ExchangeShared>) -> Self {
        Self { shared, rules: ResponseRules::default() }
    }
}

impl HttpResponseBodyFeature for KestrelResponseBody {
    fn poll_start(
        &mut self,
        _cx: &mut Context<'_>,
        head: &Arc<ResponseHead>,
    ) -> Poll<Result<(), FeatureError>> {
        let mut state = self.shared.lock();
        if head.status.is_informational() {
            return Poll::Ready(Err(FeatureError::invalid_state(format!(
                "{} is an interim status; send it with the informational response feature, then the response",
                head.status
            ))));
        }
        self.rules = ResponseRules::new(&state.method, head)?;
        state.output.phase = Phase::Started;
        state.output.head = Some(Arc::clone(head));
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
            data.clear();
            return Poll::Ready(Ok(()));
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
        state.output.poll_drained(cx)
    }

    fn poll_complete(
        &mut self,
        _cx: &mut Context<'_>,
        trailers: &mut Option<HeaderMap>,
    ) -> Poll<Result<(), FeatureError>> {
        let mut state = self.shared.lock();
        if state.output.phase == Phase::Completed || state.check_not_upgraded().is_err() {
            return Poll::Ready(Ok(()));
        }
        self.rules.finish()?;
        state.output.trailers = trailers.take();
        state.output.phase = Phase::Completed;
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
