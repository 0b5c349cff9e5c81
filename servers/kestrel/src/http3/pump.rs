//! The body of a response on its way into a stream.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use bytes::Bytes;
use h3::error::Code;
use http::HeaderMap;
use http_body::Body;
use tokio::time::{Instant, Sleep};

use super::{
    SendHalf,
    carrier::{Stopped, StreamState},
    code,
};
use crate::{
    events,
    exchange::{ExchangeShared, ResponseBody},
    http1::DataWait,
    http2::remove_connection_fields,
};

/// Sends a body as far as the client lets it. What the client does not take stays with the application.
pub(super) struct Pump<'a> {
    send: &'a mut SendHalf,
    body: ResponseBody,
    shared: &'a ExchangeShared,
    state: &'a StreamState,
    cancelled: &'a mut Cancelled,
    slowness: Slowness,
}

impl<'a> Pump<'a> {
    pub(super) fn new(
        send: &'a mut SendHalf,
        body: ResponseBody,
        shared: &'a ExchangeShared,
        state: &'a StreamState,
        cancelled: &'a mut Cancelled,
    ) -> Self {
        Self { send, body, shared, state, cancelled, slowness: Slowness::default() }
    }

    /// Completes when the stream has the whole body. The body runs the application.
    pub(super) async fn run(mut self) -> Result<(), Code> {
        let mut has_ended = false;
        while let Some(frame) = poll_fn(|cx| self.poll_frame(cx, has_ended)).await? {
            match frame {
                Frame::Data(data) => self.send(data).await?,
                Frame::Trailers(mut trailers) => {
                    remove_connection_fields(&mut trailers);
                    self.send.send_trailers(trailers).await.map_err(|_| Code::H3_REQUEST_CANCELLED)?;
                    self.finish().await?;
                    // The body is asked once more: its end is not the application's.
                    has_ended = true;
                }
            }
        }
        if has_ended { Ok(()) } else { self.finish().await }
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>, has_ended: bool) -> Poll<Result<Option<Frame>, Code>> {
        let Some(link) = &self.shared.stream else { return Poll::Ready(Err(Code::H3_INTERNAL_ERROR)) };
        if let Some(reason) = link.poll_reset(cx) {
            return Poll::Ready(Err(code(reason)));
        }
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Pending if has_ended => Poll::Pending,
            // The application does something else; the client may leave meanwhile.
            Poll::Pending => self.cancelled.poll(cx).map(Err),
            Poll::Ready(None) => Poll::Ready(Ok(None)),
            Poll::Ready(Some(Err(error))) => {
                tracing::debug!(%error, "the response was given up");
                Poll::Ready(Err(code(link.reason())))
            }
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Ok(Some(match frame.into_data() {
                Ok(data) => Frame::Data(data),
                Err(frame) => Frame::Trailers(frame.into_trailers().unwrap_or_default()),
            }))),
        }
    }

    /// Completes when the client has room for all of `data`.
    async fn send(&mut self, data: Bytes) -> Result<(), Code> {
        if data.is_empty() {
            return Ok(());
        }
        let Self { send, shared, state, cancelled, slowness, .. } = self;
        let mut sending = pin!(send.send_data(data));
        poll_fn(|cx| {
            if let Some(reason) = shared.stream.as_ref().and_then(|link| link.poll_reset(cx)) {
                return Poll::Ready(Err(code(reason)));
            }
            if let Poll::Ready(sent) = sending.as_mut().poll(cx) {
                slowness.wait.pause(state.take_written());
                return Poll::Ready(sent.map_err(|_| Code::H3_REQUEST_CANCELLED));
            }
            if let Poll::Ready(code) = cancelled.poll(cx) {
                return Poll::Ready(Err(code));
            }
            slowness.poll(cx, shared, state.take_written()).map(Err)
        })
        .await
    }

    async fn finish(&mut self) -> Result<(), Code> {
        self.send.finish().await.map_err(|_| Code::H3_REQUEST_CANCELLED)
    }
}

enum Frame {
    Data(Bytes),
    Trailers(HeaderMap),
}

/// How slowly the client takes its response: what waits for it takes memory.
#[derive(Default)]
struct Slowness {
    wait: DataWait,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Slowness {
    /// Completes when the client, which has taken so many bytes more, has been too slow.
    fn poll(&mut self, cx: &mut Context<'_>, shared: &ExchangeShared, written: usize) -> Poll<Code> {
        if written > 0 {
            self.wait.pause(written);
        }
        self.wait.begin(Instant::now);
        let rate = shared.connection.options.limits.min_response_data_rate();
        let Some(deadline) = self.wait.deadline(rate) else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        if timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        events::response_too_slow(&shared.connection, shared.number.load(Ordering::Relaxed));
        Poll::Ready(Code::H3_INTERNAL_ERROR)
    }
}

/// The client's word that it wants no more, or its end.
pub(super) struct Cancelled {
    stopped: Option<Stopped>,
    state: Arc<StreamState>,
}

impl Cancelled {
    pub(super) fn new(stopped: Stopped, state: Arc<StreamState>) -> Self {
        Self { stopped: Some(stopped), state }
    }

    /// Completes when there is nobody to answer, or the client's message has turned out to be malformed.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Code> {
        if let Poll::Ready(code) = self.state.poll_failure(cx) {
            return Poll::Ready(code);
        }
        let Some(stopped) = &mut self.stopped else { return Poll::Ready(Code::H3_REQUEST_CANCELLED) };
        let Poll::Ready(result) = stopped.as_mut().poll(cx) else { return Poll::Pending };
        self.stopped = None;
        Poll::Ready(match result {
            // RFC 9000 section 3.5: with the client's own code.
            Ok(Some(code)) => Code::from(code.into_inner()),
            Ok(None) | Err(_) => Code::H3_REQUEST_CANCELLED,
        })
    }

    /// Completes when the client has everything, or has gone.
    pub(super) async fn ended(&mut self) {
        if let Some(stopped) = self.stopped.take() {
            let _ = stopped.await;
        }
    }
}
