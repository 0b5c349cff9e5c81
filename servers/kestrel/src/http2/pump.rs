//! The body of a response on its way into a stream.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::MinDataRate;
use h2::{Reason, SendStream};
use http_body::Body;
use tokio::time::{Instant, Sleep};

use super::{link::StreamLink, response::remove_connection_fields};
use crate::{exchange::ResponseBody, http1::DataWait};

/// Sends a body as far as the client lets it. What the client does not take stays with the application.
pub(super) struct Pump {
    send: SendStream<Bytes>,
    body: ResponseBody,
    data: Bytes,
    has_ended: bool,
    rate: Option<MinDataRate>,
    wait: DataWait,
    timer: Option<Pin<Box<Sleep>>>,
}

/// The client has gone, or has reset the stream.
struct Gone;

impl Pump {
    pub(super) fn new(send: SendStream<Bytes>, body: ResponseBody, rate: Option<MinDataRate>) -> Self {
        let wait = DataWait::default();
        Self { send, body, data: Bytes::new(), has_ended: false, rate, wait, timer: None }
    }

    /// Completes when the stream has the whole body, or takes no more of it. The body runs the
    /// application.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, link: &StreamLink) -> Poll<()> {
        loop {
            if let Some(reason) = link.poll_reset(cx) {
                self.send.send_reset(reason);
                return Poll::Ready(());
            }
            if !self.data.is_empty() {
                match self.poll_send(cx) {
                    Poll::Ready(Ok(())) if self.has_ended => return Poll::Ready(()),
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(Gone)) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending => return self.poll_left(cx),
                Poll::Ready(None) => {
                    if !self.has_ended {
                        // An error means that the client has gone.
                        let _ = self.send.send_data(Bytes::new(), true);
                    }
                    return Poll::Ready(());
                }
                Poll::Ready(Some(Err(error))) => {
                    tracing::debug!(%error, "the response was given up");
                    self.send.send_reset(link.reason());
                    return Poll::Ready(());
                }
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.data = data,
                    Err(frame) => {
                        let mut trailers = frame.into_trailers().unwrap_or_default();
                        remove_connection_fields(&mut trailers);
                        self.has_ended = true;
                        // The body is asked once more: its end is not the application's.
                        let _ = self.send.send_trailers(trailers);
                    }
                },
            }
        }
    }

    /// Completes when all data at hand has been sent.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        while !self.data.is_empty() {
            self.send.reserve_capacity(self.data.len());
            let mut room = self.send.capacity();
            if room == 0 {
                match self.send.poll_capacity(cx) {
                    Poll::Ready(Some(Ok(more))) => room = more,
                    Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(Err(Gone)),
                    Poll::Pending => return self.poll_too_slow(cx),
                }
            }
            let piece = self.data.split_to(room.min(self.data.len()));
            self.wait.pause(piece.len());
            self.has_ended = self.data.is_empty() && self.body.is_end_stream();
            if self.send.send_data(piece, self.has_ended).is_err() {
                return Poll::Ready(Err(Gone));
            }
        }
        Poll::Ready(Ok(()))
    }

    /// The application does something else; the client may leave meanwhile.
    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_ended { Poll::Pending } else { self.send.poll_reset(cx).map(|_| ()) }
    }

    /// A client that takes its response too slowly loses it: what waits for it takes memory.
    fn poll_too_slow(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        self.wait.begin(Instant::now);
        let Some(deadline) = self.wait.deadline(self.rate) else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        if timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        tracing::debug!("ResponseMinimumDataRateNotSatisfied: the client reads the response too slowly");
        self.send.send_reset(Reason::INTERNAL_ERROR);
        Poll::Ready(Err(Gone))
    }
}
