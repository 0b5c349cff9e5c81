//! The request's body as it arrives on a stream.

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use falconry_features::BoxError;
use h3::error::StreamError;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::ReceiveHalf;
use crate::{
    events,
    exchange::ExchangeShared,
    http1::{DataWait, Rejection},
};

/// Reads a stream as the application asks for it; QUIC lets the client send as much as has been read.
pub(super) struct StreamBody {
    stream: ReceiveHalf,
    shared: Arc<ExchangeShared>,
    declared: Option<u64>,
    is_at_trailers: bool,
    has_ended: bool,
    /// What was read to find out whether there is a body.
    ahead: Option<Result<Frame<Bytes>, StreamError>>,
    wait: DataWait,
    timer: Option<Pin<Box<Sleep>>>,
}

impl StreamBody {
    pub(super) fn new(stream: ReceiveHalf, shared: Arc<ExchangeShared>, declared: Option<u64>) -> Self {
        Self {
            stream,
            shared,
            declared,
            is_at_trailers: false,
            has_ended: false,
            ahead: None,
            wait: DataWait::default(),
            timer: None,
        }
    }

    /// True if the client has already said that there is nothing.
    pub(super) fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        if self.ahead.is_none()
            && !self.has_ended
            && let Poll::Ready(Some(frame)) = self.poll_stream(cx)
        {
            self.ahead = Some(frame);
        }
        self.has_ended && self.ahead.is_none()
    }

    fn poll_stream(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        if let Some(frame) = self.ahead.take() {
            return Poll::Ready(Some(frame));
        }
        if self.has_ended {
            return Poll::Ready(None);
        }
        if !self.is_at_trailers {
            match ready!(self.stream.poll_recv_data(cx)) {
                Ok(Some(mut data)) => {
                    let data = data.copy_to_bytes(data.remaining());
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Ok(None) => self.is_at_trailers = true,
                Err(error) => return self.end_with(error),
            }
        }
        match ready!(self.stream.poll_recv_trailers(cx)) {
            Ok(trailers) => {
                self.has_ended = true;
                Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
            }
            Err(error) => self.end_with(error),
        }
    }

    fn end_with(&mut self, error: StreamError) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        self.has_ended = true;
        Poll::Ready(Some(Err(error)))
    }

    /// Completes when the client has been too slow for its minimum rate.
    fn poll_too_slow(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let rate = self.shared.stream.as_ref().and_then(|stream| stream.body_rate());
        self.wait.begin(Instant::now);
        let Some(deadline) = self.wait.deadline(rate) else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx)
    }
}

impl Body for StreamBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.poll_stream(cx) {
            Poll::Ready(frame) => {
                let count = match &frame {
                    Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
                    _ => 0,
                };
                self.wait.pause(count);
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending if self.poll_too_slow(cx).is_ready() => {
                events::request_body_too_slow(
                    &self.shared.connection,
                    self.shared.number.load(Ordering::Relaxed),
                );
                if let Some(stream) = &self.shared.stream {
                    stream.fail_body(Rejection::RequestBodyTimeout);
                }
                Poll::Ready(Some(Err("the client sends the request's body too slowly".into())))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended && self.ahead.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        // The inspector holds the client to the length that it has declared.
        self.declared.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
