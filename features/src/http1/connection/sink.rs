//! The way out of a response.

use std::{
    io,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;

use super::exchange::Exchange;
use crate::{BodyFraming, DuplexStream, FeatureError, ResponseHead, ResponseSink};

/// With more than this to go out, who writes has to wait.
const FULL: usize = 64 * 1024;

/// What is written waits on the wire until a flush, until there is much of it, or until the application waits itself.
impl<T: DuplexStream + 'static> ResponseSink for Exchange<T> {
    fn poll_head(
        &mut self,
        _: &mut Context<'_>,
        head: &ResponseHead,
        framing: BodyFraming,
    ) -> Poll<Result<(), FeatureError>> {
        self.wire()?.start(head, framing);
        Poll::Ready(Ok(()))
    }

    fn poll_data(&mut self, cx: &mut Context<'_>, data: &mut Bytes) -> Poll<Result<(), FeatureError>> {
        let mut wire = self.wire()?;
        let wire = &mut *wire;
        if wire.output.len() >= FULL {
            ready!(wire.poll_flush(cx)).map_err(|error| self.broken(error))?;
        }
        wire.writer.data(&std::mem::take(data), &mut wire.output);
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        let flushed: io::Result<()> = ready!(self.wire()?.poll_flush(cx));
        Poll::Ready(flushed.map_err(|error| self.broken(error)))
    }

    fn poll_end(
        &mut self,
        _: &mut Context<'_>,
        trailers: Option<&HeaderMap>,
    ) -> Poll<Result<(), FeatureError>> {
        let mut wire = self.wire()?;
        let wire = &mut *wire;
        wire.writer.end(trailers, &mut wire.output);
        Poll::Ready(Ok(()))
    }
}
