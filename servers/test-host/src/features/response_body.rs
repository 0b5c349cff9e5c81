//! The body of the response, written into the exchange.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::{
    BodyFraming, FeatureError, HttpResponseBodyFeature, PlainResponseBody, ResponseHead, ResponseSink,
};
use http::{HeaderMap, Method, Version, header::TRAILER};

use crate::exchange::Exchange;

/// The plain body over the exchange; after an upgrade there is nothing left for it to do.
pub(super) struct ResponseBody {
    plain: PlainResponseBody<Sink>,
    exchange: Arc<Exchange>,
}

impl ResponseBody {
    pub(super) fn new(method: Method, version: Version, exchange: Arc<Exchange>) -> Self {
        let sink =
            Sink { version, head: ResponseHead::default(), framing: None, exchange: Arc::clone(&exchange) };
        Self { plain: PlainResponseBody::new(method, sink), exchange }
    }
}

impl HttpResponseBodyFeature for ResponseBody {
    fn poll_start(
        &mut self,
        cx: &mut Context<'_>,
        head: &Arc<ResponseHead>,
    ) -> Poll<Result<(), FeatureError>> {
        self.plain.poll_start(cx, head)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &mut Bytes) -> Poll<Result<(), FeatureError>> {
        if self.exchange.is_upgraded() {
            return Poll::Ready(self.exchange.check_writable());
        }
        self.plain.poll_write(cx, data)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        if self.exchange.is_upgraded() {
            return Poll::Ready(self.exchange.check_writable());
        }
        self.plain.poll_flush(cx)
    }

    fn poll_complete(
        &mut self,
        cx: &mut Context<'_>,
        trailers: &mut Option<HeaderMap>,
    ) -> Poll<Result<(), FeatureError>> {
        if self.exchange.is_upgraded() { Poll::Ready(Ok(())) } else { self.plain.poll_complete(cx, trailers) }
    }

    fn is_completed(&self) -> bool {
        self.plain.is_completed()
    }

    fn take_over(&mut self) {
        self.plain.take_over();
    }
}

/// Where the plain body goes.
struct Sink {
    version: Version,
    /// Of a response in chunks on HTTP/1.1, for the names of its trailers.
    head: ResponseHead,
    framing: Option<BodyFraming>,
    exchange: Arc<Exchange>,
}

impl Sink {
    /// Those trailers that HTTP/1.1 delivers: behind a body in chunks, and announced in the head.
    fn deliverable(&self, trailers: &HeaderMap) -> Option<HeaderMap> {
        if self.version >= Version::HTTP_2 {
            return Some(trailers.clone());
        }
        if !matches!(self.framing, Some(BodyFraming::Unknown | BodyFraming::Application)) {
            return None;
        }
        let announced: Vec<&str> = self
            .head
            .headers
            .get_all(TRAILER)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        let is_announced = |name: &str| announced.iter().any(|other| other.eq_ignore_ascii_case(name));
        let mut kept = HeaderMap::new();
        for (name, value) in trailers.iter().filter(|(name, _)| is_announced(name.as_str())) {
            kept.append(name, value.clone());
        }
        (!kept.is_empty()).then_some(kept)
    }
}

impl ResponseSink for Sink {
    fn poll_head(
        &mut self,
        _cx: &mut Context<'_>,
        head: &ResponseHead,
        framing: BodyFraming,
    ) -> Poll<Result<(), FeatureError>> {
        self.framing = Some(framing);
        self.head = head.clone();
        Poll::Ready(self.exchange.answer(head.clone(), None))
    }

    fn poll_data(&mut self, cx: &mut Context<'_>, data: &mut Bytes) -> Poll<Result<(), FeatureError>> {
        self.exchange.poll_write(cx, data)
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        Poll::Ready(self.exchange.check_writable())
    }

    fn poll_end(
        &mut self,
        _cx: &mut Context<'_>,
        trailers: Option<&HeaderMap>,
    ) -> Poll<Result<(), FeatureError>> {
        let trailers = trailers.and_then(|trailers| self.deliverable(trailers));
        Poll::Ready(self.exchange.complete(trailers))
    }
}
