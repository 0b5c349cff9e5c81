//! The reader's side: the request's body, and an upgraded connection.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::{BadHttpRequestError, FeatureError};
use http::HeaderMap;

use super::{Exchange, State, gone};

/// What a reader is given.
#[derive(Debug)]
pub(crate) enum ReadEvent {
    Data(Bytes),
    End(Option<HeaderMap>),
}

/// Why a reader is given nothing more.
#[derive(Debug)]
pub(crate) enum ReadError {
    Refused(BadHttpRequestError),
    Gone(FeatureError),
}

impl Exchange {
    /// The next data. Asking is what makes the host read: there is never more than one operation's
    /// data that nobody has taken.
    pub(crate) fn poll_read(self: &Arc<Self>, cx: &mut Context<'_>) -> Poll<Result<ReadEvent, ReadError>> {
        {
            let mut state = self.lock();
            if let Some(event) = state.take_read() {
                return Poll::Ready(event);
            }
            state.read.is_wanted = true;
            state.read.waker = Some(cx.waker().clone());
        }
        self.pump();
        // The host may have completed it within the call.
        match self.lock().take_read() {
            Some(event) => Poll::Ready(event),
            None => Poll::Pending,
        }
    }
}

impl State {
    fn take_read(&mut self) -> Option<Result<ReadEvent, ReadError>> {
        if let Some(ready) = self.read.ready.take() {
            return Some(ready.map(ReadEvent::Data).map_err(ReadError::Refused));
        }
        if let Some(trailers) = &mut self.read.end {
            return Some(Ok(ReadEvent::End(trailers.take())));
        }
        if self.is_disconnected || self.aborted.is_some() || self.is_finished {
            return Some(Err(ReadError::Gone(gone(self.is_disconnected))));
        }
        None
    }
}
