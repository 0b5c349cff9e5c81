//! The body of the response.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::{
    BodyFraming, FeatureError, HttpResponseBodyFeature, PlainResponseBody, ResponseHead, ResponseSink,
};
use http::{HeaderMap, Method, Version};

use crate::{exchange::Exchange, operation::HeadToSend};

/// The plain body, whose wish for no buffering reaches the host.
pub(super) struct ResponseBody {
    plain: PlainResponseBody<Sink>,
}

impl ResponseBody {
    pub(super) fn new(method: Method, version: Version, exchange: &Arc<Exchange>) -> Self {
        let sink = Sink { exchange: Arc::clone(exchange), version, is_chunked: false };
        Self { plain: PlainResponseBody::new(method, sink) }
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
        self.plain.poll_write(cx, data)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        self.plain.poll_flush(cx)
    }

    fn poll_complete(
        &mut self,
        cx: &mut Context<'_>,
        trailers: &mut Option<HeaderMap>,
    ) -> Poll<Result<(), FeatureError>> {
        self.plain.poll_complete(cx, trailers)
    }

    fn is_completed(&self) -> bool {
        self.plain.is_completed()
    }

    fn take_over(&mut self) {
        self.plain.take_over();
    }

    fn disable_buffering(&mut self) {
        self.plain.sink().exchange.host().disable_buffering();
    }
}

/// Where the plain body goes.
struct Sink {
    exchange: Arc<Exchange>,
    version: Version,
    /// The length of a response on HTTP/1.1 is unknown when it starts.
    is_chunked: bool,
}

impl Sink {
    /// HTTP/1.1 has trailers behind a body in chunks only.
    fn takes_trailers(&self) -> bool {
        self.version >= Version::HTTP_2 || self.is_chunked
    }
}

impl ResponseSink for Sink {
    fn poll_head(
        &mut self,
        _cx: &mut Context<'_>,
        head: &ResponseHead,
        framing: BodyFraming,
    ) -> Poll<Result<(), FeatureError>> {
        let head = HeadToSend { head: Arc::new(head.clone()), framing, is_upgrade: false };
        self.is_chunked = framing == BodyFraming::Unknown && self.version == Version::HTTP_11;
        Poll::Ready(self.exchange.write_head(head))
    }

    fn poll_data(&mut self, cx: &mut Context<'_>, data: &mut Bytes) -> Poll<Result<(), FeatureError>> {
        self.exchange.poll_write(cx, data)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        self.exchange.poll_flush(cx)
    }

    fn poll_end(
        &mut self,
        _cx: &mut Context<'_>,
        trailers: Option<&HeaderMap>,
    ) -> Poll<Result<(), FeatureError>> {
        let trailers = trailers.filter(|trailers| self.takes_trailers() && !trailers.is_empty()).cloned();
        Poll::Ready(self.exchange.end(trailers))
    }
}
