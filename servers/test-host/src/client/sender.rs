//! Request bodies: sent bit by bit, or read from any [`Body`].

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::{BoxError, FeatureError};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use crate::{TestError, exchange::Pipe};

/// The sending half of a request's body, from
/// [`RequestBuilder::streaming_body`](crate::RequestBuilder::streaming_body).
///
/// The body must be ended by [`finish`](Self::finish); a sender that is dropped before is a client
/// that broke off: the application's reading fails.
pub struct BodySender {
    pipe: Arc<Pipe<BoxError>>,
}

impl BodySender {
    pub(super) fn new(buffer_size: usize) -> (Self, SentBody) {
        let pipe = Arc::new(Pipe::new(buffer_size));
        (Self { pipe: Arc::clone(&pipe) }, SentBody(pipe))
    }

    /// Sends data; waits while [`buffer_size`](crate::TestServerOptions::buffer_size) bytes lie unread.
    ///
    /// # Errors
    /// [Request ended](TestError::is_request_ended): the application reads no more.
    pub async fn send(&mut self, data: impl Into<Bytes>) -> Result<(), TestError> {
        let mut data = data.into();
        poll_fn(|cx| self.pipe.poll_write(cx, &mut data)).await.map_err(|_| TestError::request_ended())
    }

    /// Ends the body.
    pub fn finish(self) {
        let _ = self.pipe.end(Ok(None));
    }

    /// Ends the body with trailers.
    pub fn finish_with_trailers(self, trailers: HeaderMap) {
        let _ = self.pipe.end(Ok(Some(trailers)));
    }

    /// Breaks the body off: the application's reading fails with `error`.
    pub fn fail(self, error: impl Into<BoxError>) {
        let _ = self.pipe.end(Err(error.into()));
    }
}

impl Drop for BodySender {
    fn drop(&mut self) {
        let _ = self.pipe.end(Err(FeatureError::aborted("The client aborted the request.").into()));
    }
}

impl fmt::Debug for BodySender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodySender").finish_non_exhaustive()
    }
}

/// The reading half.
pub(super) struct SentBody(Arc<Pipe<BoxError>>);

impl Body for SentBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_exhausted()
    }
}

impl Drop for SentBody {
    fn drop(&mut self) {
        self.0.stop_reading();
    }
}

/// Any body, with its errors boxed.
pub(super) struct Mapped<B>(Pin<Box<B>>);

impl<B> Mapped<B> {
    pub(super) fn new(body: B) -> Self {
        Self(Box::pin(body))
    }
}

impl<B> Body for Mapped<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.as_mut().poll_frame(cx).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
