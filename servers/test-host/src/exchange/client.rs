//! The client's side of an exchange.

use std::task::{Context, Poll};

use bytes::Bytes;
use falconry_features::{BoxError, Cancelled, FeatureError};
use http::{HeaderMap, StatusCode};
use http_body::Frame;

use super::{Answer, Broken, Exchange, Phase};
use crate::TestError;

/// An interim (1xx) response that came before the response.
#[derive(Clone, Debug)]
pub struct InterimResponse {
    /// The status, such as 103.
    pub status: StatusCode,
    /// The fields.
    pub headers: HeaderMap,
}

/// How a request ended, beyond what its response tells.
#[derive(Debug, Default)]
pub struct RequestEnd {
    /// The error of an application that failed too late for the client to be told: after the
    /// response was complete, upgraded, or given up.
    pub error: Option<BoxError>,
    /// What the completed callbacks failed with.
    pub callback_errors: Vec<BoxError>,
}

impl Exchange {
    /// The start of the response, or why there is none. Comes once.
    pub(crate) fn poll_answer(&self, cx: &mut Context<'_>) -> Poll<Result<Answer, TestError>> {
        let mut state = self.lock();
        match state.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => {
                state.client = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// The next frame of the response's body.
    pub(crate) fn poll_frame(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, TestError>>> {
        self.body.poll_frame(cx)
    }

    /// True if the response's body has been read to its end.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.body.is_exhausted()
    }

    /// The interim responses so far.
    pub(crate) fn take_interim(&self) -> Vec<InterimResponse> {
        std::mem::take(&mut self.lock().interim)
    }

    /// The client aborts the request but goes on reading, to be told so.
    pub(crate) fn abort_by_client(&self) {
        if self.fail(Broken::Client, TestError::client_aborted()).is_ok() {
            self.client_gone.cancel();
        }
    }

    /// The client wants no more of the response. What was not complete is aborted.
    pub(crate) fn leave(&self) {
        self.body.stop_reading();
        self.abort_by_client();
        if self.is_upgraded() {
            self.fire_aborted();
        }
        // A stream that the client has not taken up is closed with it.
        let unread = self.lock().answer.take();
        drop(unread);
    }

    /// Completes when the request's task has ended.
    pub(crate) fn task_ended(&self) -> Cancelled {
        self.task_ended.cancelled()
    }

    /// How the request ended, once its task has.
    pub(crate) fn take_end(&self) -> RequestEnd {
        self.lock().end.take().unwrap_or_default()
    }

    /// What reading the request's body ends with when [`request_over`](Self::request_over) has fired.
    pub(crate) fn read_error(&self) -> FeatureError {
        match self.lock().phase {
            Phase::Broken(by) => by.error(),
            _ => FeatureError::finished("the request has ended; its body cannot be read any more"),
        }
    }
}
