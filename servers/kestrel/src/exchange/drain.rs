//! What the application has left of a request's body.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use falconry_features::RequestBody;
use http_body::Body;

/// How much is read for nothing before closing the connection is cheaper.
const LIMIT: usize = 1024 * 1024;

/// Reads and drops what has already arrived of an unread body, so that the connection can be used
/// again; it does not wait for what has not.
#[derive(Debug)]
pub(crate) struct Drain {
    body: RequestBody,
    read: usize,
    has_asked_again: bool,
}

impl Drain {
    pub(crate) fn new(body: RequestBody) -> Self {
        Self { body, read: 0, has_asked_again: false }
    }

    /// Completes with true at the end of the body, with false if that is not in sight.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(None) => return Poll::Ready(true),
                Poll::Ready(Some(Err(_))) => return Poll::Ready(false),
                Poll::Ready(Some(Ok(frame))) => {
                    self.has_asked_again = false;
                    self.read += frame.data_ref().map_or(0, bytes::Bytes::len);
                    if self.read > LIMIT {
                        return Poll::Ready(false);
                    }
                }
                // The connection must have had its turn since the last frame was taken: it may
                // have more of the body already.
                Poll::Pending if self.has_asked_again => return Poll::Ready(false),
                Poll::Pending => {
                    self.has_asked_again = true;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        }
    }
}
