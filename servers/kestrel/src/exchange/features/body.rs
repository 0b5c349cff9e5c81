//! The request's body as the protocol delivers it, held to this server's limits.

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use falconry_features::{BadHttpRequestError, BoxError, FeatureError};
use http_body::{Body, Frame, SizeHint};

use crate::{events, exchange::ExchangeShared, http1::Rejection};

/// Counts the body against the request's limit and says why it ended when it ended badly.
pub(crate) struct KestrelRequestBody<B> {
    inner: B,
    shared: Arc<ExchangeShared>,
    read: u64,
    has_begun: bool,
    /// Over the limit: there is no more of it.
    is_refused: bool,
}

impl<B> KestrelRequestBody<B> {
    pub(crate) fn new(inner: B, shared: Arc<ExchangeShared>) -> Self {
        shared.has_body.store(true, Ordering::Relaxed);
        Self { inner, shared, read: 0, has_begun: false, is_refused: false }
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin> KestrelRequestBody<B> {
    /// The limit is fixed with the first read; a declared length over it is refused at once.
    fn begin(&mut self) -> Result<(), BoxError> {
        self.has_begun = true;
        let mut state = self.shared.lock();
        state.request_body.has_begun = true;
        let declared = self.inner.size_hint().lower();
        match state.request_body.max_size {
            Some(limit) if declared > limit => {
                self.is_refused = true;
                state.request_body.is_refused = true;
                drop(state);
                Err(too_large(&self.shared, limit))
            }
            _ => {
                // From here on the client is asked for the body.
                let expects_continue = std::mem::take(&mut state.request_body.expects_continue);
                drop(state);
                events::request_body_start(&self.shared);
                self.shared.ask_for_body(expects_continue);
                Ok(())
            }
        }
    }

    fn count(&mut self, data: &Bytes) -> Result<(), BoxError> {
        self.read += data.len() as u64;
        let mut state = self.shared.lock();
        match state.request_body.max_size {
            Some(limit) if self.read > limit => {
                self.is_refused = true;
                state.request_body.is_refused = true;
                drop(state);
                Err(too_large(&self.shared, limit))
            }
            _ => Ok(()),
        }
    }

    fn failure(&self, error: B::Error) -> BoxError {
        match self.shared.body_failure() {
            Some(rejection) => {
                refuse(&self.shared, BadHttpRequestError::new(rejection.status(), rejection.message()))
            }
            None => FeatureError::aborted("the client has gone before the end of the request's body")
                .with_source(error)
                .into(),
        }
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin> Body for KestrelRequestBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if !self.has_begun {
            self.begin()?;
        }
        if self.is_refused {
            let error =
                FeatureError::invalid_state("the request's body has been refused; there is no more of it");
            return Poll::Ready(Some(Err(error.into())));
        }
        let this = &mut *self;
        let frame = ready!(Pin::new(&mut this.inner).poll_frame(cx));
        match frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.count(data)?;
                }
                if let Some(trailers) = frame.trailers_ref() {
                    self.shared.lock().request_body.trailers = Some(Box::new(trailers.clone()));
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(self.failure(error)))),
            None => {
                self.shared.lock().request_body.is_at_end = true;
                events::request_body_done(&self.shared);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B> Drop for KestrelRequestBody<B> {
    fn drop(&mut self) {
        self.shared.has_body.store(false, Ordering::Relaxed);
    }
}

fn too_large(shared: &ExchangeShared, limit: u64) -> BoxError {
    let rejection = Rejection::RequestBodyTooLarge;
    if shared.stream.is_none() {
        shared.connection.observed.failed(rejection.error_type());
    }
    let message = format!("{}: the limit is {limit} bytes", rejection.message());
    refuse(shared, BadHttpRequestError::new(rejection.status(), message))
}

/// Notes the refusal for who asks the connection for it.
fn refuse(shared: &ExchangeShared, error: BadHttpRequestError) -> BoxError {
    // The first one counts: it ends the request.
    let _ = shared.connection.lifetime.bad_request.set(error.clone());
    error.into()
}
