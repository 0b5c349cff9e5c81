//! [`TestBody`]: the response's body, frame by frame.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame};

use crate::{TestError, exchange::Exchange};

/// The body of a response, read while the application writes it.
///
/// Dropping it before its end aborts the request.
pub struct TestBody {
    exchange: Arc<Exchange>,
}

impl TestBody {
    pub(crate) fn new(exchange: Arc<Exchange>) -> Self {
        Self { exchange }
    }

    pub(crate) fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    pub(crate) fn shared_exchange(&self) -> Arc<Exchange> {
        Arc::clone(&self.exchange)
    }

    /// The next frame, data or trailers; `None` at the end.
    ///
    /// # Errors
    /// The application failed, aborted or reset the request after its response started. Data that
    /// was written before is read before.
    pub async fn frame(&mut self) -> Option<Result<Frame<Bytes>, TestError>> {
        std::future::poll_fn(|cx| self.exchange.poll_frame(cx)).await
    }
}

impl Body for TestBody {
    type Data = Bytes;
    type Error = TestError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TestError>>> {
        self.exchange.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.exchange.is_exhausted()
    }
}

impl Drop for TestBody {
    fn drop(&mut self) {
        self.exchange.leave();
    }
}

impl fmt::Debug for TestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestBody").finish_non_exhaustive()
    }
}
