//! The part of a request that its features share.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, ready},
};

use http::{HeaderMap, StatusCode};

use super::wire::{self, Wire};
use crate::{
    CancellationToken, DuplexStream, FeatureError, HttpInformationalResponseFeature,
    HttpMaxRequestBodySizeFeature, HttpRequestBodyDetectionFeature, HttpRequestTrailersFeature,
    check_interim_status,
    http1::{RequestFraming, RequestHead},
};

/// One request on the wire, as long as it is the present one.
pub(super) struct Exchange<T> {
    wire: Arc<Mutex<Wire<T>>>,
    number: u64,
    aborted: CancellationToken,
    pub(super) can_have_body: bool,
    pub(super) may_upgrade: bool,
}

impl<T> Exchange<T> {
    pub(super) fn new(
        wire: &Arc<Mutex<Wire<T>>>,
        number: u64,
        aborted: CancellationToken,
        head: &RequestHead,
    ) -> Self {
        Self {
            wire: Arc::clone(wire),
            number,
            aborted,
            can_have_body: head.framing != RequestFraming::None,
            may_upgrade: head.may_upgrade,
        }
    }

    /// The wire; an error if the request is over or aborted, or has left HTTP.
    pub(super) fn wire(&self) -> Result<MutexGuard<'_, Wire<T>>, FeatureError> {
        if self.aborted.is_cancelled() {
            return Err(FeatureError::aborted("the request has been aborted"));
        }
        let wire = wire::lock(&self.wire);
        if wire.number != self.number {
            return Err(FeatureError::finished("the request is over; nothing of it can be used any more"));
        }
        if wire.is_taken {
            return Err(FeatureError::invalid_state("the connection has been upgraded; use its stream"));
        }
        Ok(wire)
    }

    pub(super) fn shared_wire(&self) -> &Arc<Mutex<Wire<T>>> {
        &self.wire
    }

    /// The stream has failed under the request.
    pub(super) fn broken(&self, error: std::io::Error) -> FeatureError {
        self.aborted.cancel();
        FeatureError::aborted("the client has gone").with_source(error)
    }
}

impl<T> Clone for Exchange<T> {
    fn clone(&self) -> Self {
        Self { wire: Arc::clone(&self.wire), aborted: self.aborted.clone(), ..*self }
    }
}

impl<T: DuplexStream + 'static> HttpRequestBodyDetectionFeature for Exchange<T> {
    fn can_have_body(&self) -> bool {
        self.can_have_body
    }
}

impl<T: DuplexStream + 'static> HttpRequestTrailersFeature for Exchange<T> {
    fn available(&self) -> bool {
        self.wire().is_ok_and(|wire| wire.reader.trailers().is_some())
    }

    fn trailers(&self) -> Result<HeaderMap, FeatureError> {
        let early =
            || FeatureError::invalid_state("trailers are there once the body has been read to its end");
        self.wire()?.reader.trailers().cloned().ok_or_else(early)
    }
}

impl<T: DuplexStream + 'static> HttpMaxRequestBodySizeFeature for Exchange<T> {
    fn is_read_only(&self) -> bool {
        self.wire().map_or(true, |wire| wire.body_room.read.is_some())
    }

    fn max_request_body_size(&self) -> Option<u64> {
        self.wire().ok().and_then(|wire| wire.body_room.limit)
    }

    fn set_max_request_body_size(&mut self, limit: Option<u64>) -> Result<(), FeatureError> {
        let mut wire = self.wire()?;
        if wire.body_room.read.is_some() {
            return Err(FeatureError::invalid_state(
                "the limit cannot be changed: reading has begun, or the connection was upgraded",
            ));
        }
        wire.body_room.limit = limit;
        Ok(())
    }
}

impl<T: DuplexStream + 'static> HttpInformationalResponseFeature for Exchange<T> {
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Poll<Result<(), FeatureError>> {
        check_interim_status(status)?;
        let mut wire = self.wire()?;
        let wire = &mut *wire;
        if wire.writer.has_started() {
            return Poll::Ready(Err(FeatureError::invalid_state("the response has already started")));
        }
        ready!(wire.poll_flush(cx)).map_err(|error| self.broken(error))?;
        wire.writer.interim(status, headers, &mut wire.output);
        Poll::Ready(Ok(()))
    }
}
