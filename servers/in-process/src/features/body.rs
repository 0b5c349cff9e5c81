//! The request's body as the application reads it.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use falconry_features::{BadHttpRequestError, BoxError};
use http::StatusCode;
use http_body::{Body, Frame, SizeHint};

use crate::{
    BodyLength,
    exchange::{Exchange, ReadError, ReadEvent},
};

/// What the host reads, within the limit of the request.
pub(super) struct IncomingBody {
    exchange: Arc<Exchange>,
    declared: Option<u64>,
    read: u64,
    is_over: bool,
}

impl IncomingBody {
    pub(super) fn new(length: BodyLength, exchange: Arc<Exchange>) -> Self {
        let declared = match length {
            BodyLength::None => Some(0),
            BodyLength::Known(length) => Some(length),
            BodyLength::Unknown => None,
        };
        Self { exchange, declared, read: 0, is_over: false }
    }

    fn poll_checked(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        // A body that is known to be too long is not asked for: the client may still wait to be told.
        self.check_limit(self.declared.unwrap_or(0).max(self.read))?;
        Poll::Ready(match ready!(self.exchange.poll_read(cx)) {
            Ok(ReadEvent::Data(data)) => {
                self.read += data.len() as u64;
                self.check_limit(self.read)?;
                Some(Ok(Frame::data(data)))
            }
            Ok(ReadEvent::End(trailers)) => {
                self.check_length()?;
                self.is_over = true;
                self.exchange.lock().body.trailers = Some(trailers.clone().unwrap_or_default());
                trailers.map(|trailers| Ok(Frame::trailers(trailers)))
            }
            Err(ReadError::Refused(error)) => Some(Err(error.into())),
            Err(ReadError::Gone(error)) => Some(Err(error.into())),
        })
    }

    fn check_limit(&self, length: u64) -> Result<(), BoxError> {
        let mut state = self.exchange.lock();
        state.body.is_read_only = true;
        match state.body.limit {
            Some(limit) if length > limit => Err(BadHttpRequestError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the request's body is over its limit of {limit} bytes"),
            )
            .into()),
            _ => Ok(()),
        }
    }

    fn check_length(&self) -> Result<(), BoxError> {
        match self.declared {
            Some(declared) if declared != self.read => Err(BadHttpRequestError::new(
                StatusCode::BAD_REQUEST,
                format!("{} bytes of body came, not the {declared} of Content-Length", self.read),
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
