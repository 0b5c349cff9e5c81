//! The way of a response to the driver.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::{FeatureError, HttpResponseBodyFeature, ResponseHead, ResponseRules};
use http::{HeaderMap, Method};

use super::trailers;
use crate::exchange::{ExchangeShared, Phase};

/// Keeps the rules of the response.
#[derive(Debug)]
pub(super) struct HttpSysResponseBody {
    shared: Arc<ExchangeShared>,
    method: Method,
}

impl HttpSysResponseBody {
    pub(super) fn new(shared: Arc<ExchangeShared>) -> Self {
        Self { shared, method: Method::GET }
    }

    /// Begins the answer to a request with `method`.
    pub(super) fn begin(&mut self, method: &Method) {
        if self.method != *method {
            self.method.clone_from(method);
        }
    }

    fn check_open(&self) -> Result<(), FeatureError> {
        let state = self.shared.lock();
        if state.is_upgraded {
            return Err(FeatureError::invalid_state(
                "the connection has been upgraded; use the stream that the upgrade gave",
            ));
        }
        if state.output.phase == Phase::Completed {
            return Err(FeatureError::invalid_state("the response has already been completed"));
        }
        Ok(())
    }
}

impl HttpResponseBodyFeature for HttpSysResponseBody {
    fn poll_start(
        &mut self,
        _cx: &mut Context<'_>,
        head: &Arc<ResponseHead>,
    ) -> Poll<Result<(), FeatureError>> {
        if head.status.is_informational() {
            return Poll::Ready(Err(FeatureError::invalid_state(format!(
                "{} is an interim status, which HTTP.sys does not send",
                head.status
            ))));
        }
        let rules = ResponseRules::new(&self.method, head)?;
        self.shared.lock().output.start(Arc::clone(head), rules, &self.method);
        Poll::Ready(Ok(()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &mut Bytes) -> Poll<Result<(), FeatureError>> {
        if data.is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.check_open()?;
        self.shared.poll_write(cx, data)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        let state = self.shared.lock();
        if state.output.phase == Phase::Completed && !state.is_upgraded {
            return Poll::Ready(Ok(()));
        }
        drop(state);
        self.check_open()?;
        self.shared.poll_flush(cx)
    }

    fn poll_complete(
        &mut self,
        cx: &mut Context<'_>,
        trailers: &mut Option<HeaderMap>,
    ) -> Poll<Result<(), FeatureError>> {
        if self.is_completed() {
            return Poll::Ready(Ok(()));
        }
        if let Some(trailers) = trailers {
            trailers::check(trailers)?;
        }
        self.shared.poll_complete(cx, trailers)
    }

    fn is_completed(&self) -> bool {
        let state = self.shared.lock();
        state.output.phase == Phase::Completed || state.is_upgraded || state.is_delegated
    }

    /// The upgrade has noted it in the shared state already.
    fn take_over(&mut self) {}
}
