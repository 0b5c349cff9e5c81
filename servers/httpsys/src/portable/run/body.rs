//! Reading the request's body, or the bytes of a connection that has left HTTP.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use falconry_features::{BadHttpRequestError, DuplexStream};
use http_body::Body;

use super::active::{Active, Progress, given_up, has_started};
use crate::{
    driver::Win32Error,
    portable::{
        answer::{Answer, abort},
        context::RouterContext,
    },
};

/// How much is read at once from a connection that has left HTTP, in bytes.
const STREAM_PIECE: usize = 16 * 1024;

impl Active {
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        limit: usize,
        context: &mut RouterContext,
    ) -> Option<Result<Bytes, Win32Error>> {
        if let Some(stream) = &mut self.stream {
            return poll_stream(cx, &mut **stream, limit);
        }
        if self.rest.is_empty() && !self.is_body_at_end {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending => return self.poll_body_timer(cx, context),
                Poll::Ready(None) => self.is_body_at_end = true,
                Poll::Ready(Some(Ok(frame))) => {
                    self.body_timer = None;
                    match frame.into_data() {
                        Ok(data) => self.rest = data,
                        // Trailers: the API has no place for them.
                        Err(_) => return self.poll_read(cx, limit, context),
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    let status = BadHttpRequestError::find(&*error).map(BadHttpRequestError::status);
                    return Some(Err(self.give_up_body(status, context)));
                }
            }
        }
        if self.is_body_at_end && self.rest.is_empty() {
            return Some(Err(Win32Error::HANDLE_EOF));
        }
        Some(Ok(self.rest.split_to(limit.min(self.rest.len()))))
    }

    /// A client that sends nothing for too long has lost its request.
    fn poll_body_timer(
        &mut self,
        cx: &mut Context<'_>,
        context: &mut RouterContext,
    ) -> Option<Result<Bytes, Win32Error>> {
        let timeout = self.body_timeout;
        let timer = self.body_timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        if timer.as_mut().poll(cx).is_pending() {
            return None;
        }
        self.answer = Progress::Aborted;
        abort(&context.features);
        Some(Err(Win32Error::CONNECTION_INVALID))
    }

    /// The body is malformed, or the client has gone: the driver answers by itself, if it still can.
    fn give_up_body(&mut self, status: Option<http::StatusCode>, context: &mut RouterContext) -> Win32Error {
        let has_started = has_started(context);
        let features = &mut context.features;
        let answered = match status {
            Some(status) if !has_started => Answer::refusal(status).send(features),
            _ => Err(given_up()),
        };
        self.answer = match answered {
            Ok(()) => Progress::Completed,
            Err(_) => {
                abort(features);
                Progress::Aborted
            }
        };
        self.request.end(Win32Error::CONNECTION_INVALID);
        Win32Error::CONNECTION_INVALID
    }
}

fn poll_stream(
    cx: &mut Context<'_>,
    stream: &mut dyn DuplexStream,
    limit: usize,
) -> Option<Result<Bytes, Win32Error>> {
    let mut buffer = BytesMut::zeroed(limit.min(STREAM_PIECE));
    match stream.poll_read(cx, &mut buffer) {
        Poll::Pending => None,
        Poll::Ready(Ok(0)) => Some(Err(Win32Error::HANDLE_EOF)),
        Poll::Ready(Ok(read)) => {
            buffer.truncate(read);
            Some(Ok(buffer.freeze()))
        }
        Poll::Ready(Err(_)) => Some(Err(Win32Error::CONNECTION_INVALID)),
    }
}
