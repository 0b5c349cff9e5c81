//! The request's body as the application reads it.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use falconry_features::{BadHttpRequestError, BoxError, Cancelled, RequestBody};
use http::{HeaderMap, StatusCode};
use http_body::{Body, Frame, SizeHint};

use crate::exchange::Exchange;

/// What the body tells the features of its request, and they it.
#[derive(Debug)]
pub(crate) struct BodyState(Mutex<State>);

#[derive(Debug)]
struct State {
    limit: Option<u64>,
    is_read_only: bool,
    is_read: bool,
    trailers: HeaderMap,
}

impl BodyState {
    pub(crate) fn new(limit: Option<u64>, is_read: bool) -> Self {
        Self(Mutex::new(State { limit, is_read_only: false, is_read, trailers: HeaderMap::new() }))
    }

    /// The largest body, in bytes.
    pub(crate) fn limit(&self) -> Option<u64> {
        self.lock().limit
    }

    pub(crate) fn set_limit(&self, limit: Option<u64>) {
        self.lock().limit = limit;
    }

    /// True once reading has begun or the connection was taken over.
    pub(crate) fn is_read_only(&self) -> bool {
        self.lock().is_read_only
    }

    pub(crate) fn make_read_only(&self) {
        self.lock().is_read_only = true;
    }

    /// The trailers, once the body has been read to its end.
    pub(crate) fn trailers(&self) -> Option<HeaderMap> {
        let state = self.lock();
        state.is_read.then(|| state.trailers.clone())
    }

    fn end(&self, trailers: Option<HeaderMap>) {
        let mut state = self.lock();
        state.is_read = true;
        state.trailers = trailers.unwrap_or_default();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The client's body under the rules of a server: its limit, its declared length, its end with the request.
pub(crate) struct IncomingBody {
    inner: RequestBody,
    trailers: Option<HeaderMap>,
    declared: Option<u64>,
    read: u64,
    is_over: bool,
    state: Arc<BodyState>,
    exchange: Arc<Exchange>,
    request_over: Cancelled,
}

impl IncomingBody {
    pub(crate) fn new(
        inner: RequestBody,
        trailers: Option<HeaderMap>,
        declared: Option<u64>,
        state: Arc<BodyState>,
        exchange: Arc<Exchange>,
    ) -> Self {
        let request_over = exchange.request_over().cancelled();
        Self { inner, trailers, declared, read: 0, is_over: false, state, exchange, request_over }
    }

    fn poll_checked(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if Pin::new(&mut self.request_over).poll(cx).is_ready() {
            return Poll::Ready(Some(Err(self.exchange.read_error().into())));
        }
        self.state.make_read_only();
        self.check_limit(self.declared.unwrap_or(0))?;
        let frame = match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
            Some(frame) => frame?,
            None => return Poll::Ready(self.end().transpose()),
        };
        let frame = match frame.into_data() {
            Ok(data) => self.count(data)?,
            Err(frame) => {
                self.trailers = frame.into_trailers().ok();
                return Poll::Ready(self.end().transpose());
            }
        };
        if self.trailers.is_none() && self.inner.is_end_stream() {
            self.end()?;
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn count(&mut self, data: Bytes) -> Result<Frame<Bytes>, BoxError> {
        self.read += data.len() as u64;
        self.check_limit(self.read)?;
        match self.declared {
            Some(declared) if self.read > declared => Err(length_error("more", declared)),
            _ => Ok(Frame::data(data)),
        }
    }

    /// Ends the body; gives the trailers if there are any.
    fn end(&mut self) -> Result<Option<Frame<Bytes>>, BoxError> {
        if let Some(declared) = self.declared.filter(|declared| self.read < *declared) {
            return Err(length_error("less", declared));
        }
        self.is_over = true;
        let trailers = self.trailers.take();
        self.state.end(trailers.clone());
        Ok(trailers.map(Frame::trailers))
    }

    fn check_limit(&self, length: u64) -> Result<(), BoxError> {
        match self.state.limit() {
            Some(limit) if length > limit => Err(BadHttpRequestError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the request's body is over its limit of {limit} bytes"),
            )
            .into()),
            _ => Ok(()),
        }
    }
}

impl Body for IncomingBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let polled = self.poll_checked(cx);
        if matches!(polled, Poll::Ready(Some(Err(_)))) {
            self.is_over = true;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.is_over
    }

    fn size_hint(&self) -> SizeHint {
        match self.declared {
            Some(declared) => SizeHint::with_exact(declared.saturating_sub(self.read)),
            None => SizeHint::default(),
        }
    }
}

fn length_error(which: &str, declared: u64) -> BoxError {
    BadHttpRequestError::new(
        StatusCode::BAD_REQUEST,
        format!("the request's body is {which} than its Content-Length of {declared} bytes"),
    )
    .into()
}
