//! The request's body as the driver delivers it, held to the server's limit.

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use falconry_features::{BadHttpRequestError, BoxError, FeatureError};
use http::StatusCode;
use http_body::{Body, Frame, SizeHint};

use crate::{driver::Win32Error, exchange::ExchangeShared};

/// How much is asked for at once, in bytes.
const PIECE: usize = 128 * 1024;

/// Counts the body against the request's limit.
pub(super) struct HttpSysRequestBody {
    shared: Arc<ExchangeShared>,
    read: u64,
    is_at_end: bool,
    /// Over the limit: there is no more of it.
    is_refused: bool,
}

impl HttpSysRequestBody {
    pub(super) fn new(shared: Arc<ExchangeShared>) -> Self {
        shared.has_body.store(true, Ordering::Relaxed);
        Self { shared, read: 0, is_at_end: false, is_refused: false }
    }

    /// The limit is fixed with the first read; a declared length over it is refused at once.
    fn begin(&mut self) -> Result<(), BoxError> {
        let mut state = self.shared.lock();
        if std::mem::replace(&mut state.body.has_begun, true) {
            return Ok(());
        }
        match (state.body.max_size, state.body.declared) {
            (Some(limit), Some(declared)) if declared > limit => {
                self.is_refused = true;
                Err(too_large(limit))
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, data: &Bytes) -> Result<(), BoxError> {
        self.read += data.len() as u64;
        match self.shared.lock().body.max_size {
            Some(limit) if self.read > limit => {
                self.is_refused = true;
                Err(too_large(limit))
            }
            _ => Ok(()),
        }
    }

    fn poll_driver(&self, cx: &mut Context<'_>) -> Poll<Result<Bytes, Win32Error>> {
        match self.shared.handle() {
            Some(handle) => handle.poll_receive_entity_body(cx, PIECE),
            None => Poll::Ready(Err(Win32Error::INVALID_PARAMETER)),
        }
    }
}

impl Body for HttpSysRequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.is_at_end {
            return Poll::Ready(None);
        }
        self.begin()?;
        if self.is_refused {
            let error =
                FeatureError::invalid_state("the request's body has been refused; there is no more of it");
            return Poll::Ready(Some(Err(error.into())));
        }
        self.shared.lock().is_reading = true;
        let read = ready!(self.poll_driver(cx));
        self.shared.lock().is_reading = false;
        match read {
            Ok(data) => {
                self.count(&data)?;
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Err(Win32Error::HANDLE_EOF) => {
                self.is_at_end = true;
                Poll::Ready(None)
            }
            Err(error) => {
                self.shared.abort(None);
                let gone = "the client has gone before the end of the request's body";
                Poll::Ready(Some(Err(FeatureError::aborted(gone).with_source(error).into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_at_end
    }

    fn size_hint(&self) -> SizeHint {
        self.shared
            .lock()
            .body
            .declared
            .map_or_else(SizeHint::default, |length| SizeHint::with_exact(length.saturating_sub(self.read)))
    }
}

impl Drop for HttpSysRequestBody {
    fn drop(&mut self) {
        self.shared.has_body.store(false, Ordering::Relaxed);
        self.shared.lock().is_reading = false;
    }
}

fn too_large(limit: u64) -> BoxError {
    let message = format!("the request's body is too large: the limit is {limit} bytes");
    BadHttpRequestError::new(StatusCode::PAYLOAD_TOO_LARGE, message).into()
}
