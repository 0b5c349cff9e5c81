//! The request's body as it arrives on a stream.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use falconry_features::BoxError;
use h3::error::StreamError;
use http_body::{Body, Frame, SizeHint};

use super::ReceiveHalf;
use crate::exchange::{BodyPace, ExchangeShared};

/// Reads a stream as the application asks for it; QUIC lets the client send as much as has been read.
pub(super) struct StreamBody {
    stream: ReceiveHalf,
    shared: Arc<ExchangeShared>,
    declared: Option<u64>,
    is_at_trailers: bool,
    has_ended: bool,
    /// What was read to find out whether there is a body.
    ahead: Option<Result<Frame<Bytes>, StreamError>>,
    pace: BodyPace,
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
            pace: BodyPace::default(),
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
}

impl Body for StreamBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        match this.poll_stream(cx) {
            Poll::Ready(frame) => {
                this.pace.count(frame.as_ref());
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => this.pace.poll_too_slow(cx, &this.shared).map(|error| Some(Err(error))),
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
