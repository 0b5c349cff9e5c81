//! The request's body as it arrives on a stream.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::BoxError;
use h2::RecvStream;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use crate::exchange::{BodyPace, ExchangeShared};

/// Reads a stream and lets the client send more as the application takes what has arrived.
pub(super) struct StreamBody {
    stream: RecvStream,
    shared: Arc<ExchangeShared>,
    declared: Option<u64>,
    is_at_trailers: bool,
    pace: BodyPace,
}

impl StreamBody {
    pub(super) fn new(stream: RecvStream, shared: Arc<ExchangeShared>, declared: Option<u64>) -> Self {
        Self { stream, shared, declared, is_at_trailers: false, pace: BodyPace::default() }
    }

    fn poll_stream(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        if !self.is_at_trailers {
            match self.stream.poll_data(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(data))) => {
                    // A stream that has been closed meanwhile needs no room.
                    let _ = self.stream.flow_control().release_capacity(data.len());
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => self.is_at_trailers = true,
            }
        }
        self.stream.poll_trailers(cx).map(|trailers| match trailers {
            Ok(trailers) => trailers.map(|trailers: HeaderMap| Ok(Frame::trailers(trailers))),
            Err(error) => Some(Err(error)),
        })
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
                if let Some(Err(_)) = &frame {
                    // There is nobody to answer to.
                    this.shared.notify_aborted();
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => this.pace.poll_too_slow(cx, &this.shared).map(|error| Some(Err(error))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // h2 holds the client to the length that it has declared.
        self.declared.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
