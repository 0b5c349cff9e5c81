//! The body of a response on its way into a stream.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use falconry_features::MinDataRate;
use h2::{Reason, SendStream};
use http::HeaderMap;
use http_body::Body;
use tokio::time::{Instant, Sleep};

use super::{
    link::StreamLink,
    response::{keep_out_of_tables, remove_connection_fields},
};
use crate::{
    exchange::{ExchangeShared, ResponseBody},
    http1::DataWait,
};

/// Up to here pieces of a body are put together: a frame costs more than a copy.
const FRAME_SIZE: usize = 16 * 1024;

/// A piece that is larger goes as it is.
const SMALL_PIECE: usize = 4 * 1024;

/// Sends a body as far as the client lets it. What the client does not take stays with the application.
pub(super) struct Pump {
    send: SendStream<Bytes>,
    body: ResponseBody,
    /// The exchange, as long as the application runs; afterwards it serves another request.
    shared: Option<Arc<ExchangeShared>>,
    data: Data,
    trailers: Option<HeaderMap>,
    is_body_over: bool,
    hides_fields: bool,
    rate: Option<MinDataRate>,
    wait: DataWait,
    timer: Option<Pin<Box<Sleep>>>,
}

/// What has been taken from the body and not been sent.
#[derive(Default)]
struct Data {
    /// Goes first.
    first: Bytes,
    /// Small pieces, put together; goes next.
    joined: BytesMut,
    last: Bytes,
}

/// What the body has to give.
enum Taken {
    /// As much as is sent at once.
    Enough,
    /// All that there is for now.
    All,
    /// The response was given up.
    Failed,
}

/// The client has gone, or has reset the stream.
struct Gone;

impl Pump {
    /// `shared` only of a body that runs the application.
    pub(super) fn new(
        send: SendStream<Bytes>,
        body: ResponseBody,
        shared: Option<Arc<ExchangeShared>>,
        rate: Option<MinDataRate>,
    ) -> Self {
        Self {
            send,
            body,
            shared,
            data: Data::default(),
            trailers: None,
            is_body_over: false,
            hides_fields: false,
            rate,
            wait: DataWait::default(),
            timer: None,
        }
    }

    /// Keeps trailers out of the tables that compress fields.
    pub(super) fn hiding_fields(self, hides_fields: bool) -> Self {
        Self { hides_fields, ..self }
    }

    /// Completes when the stream has the whole body, or takes no more of it. The body runs the
    /// application.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(reason) = self.link().and_then(|link| link.poll_reset(cx)) {
                self.send.send_reset(reason);
                return Poll::Ready(());
            }
            let taken = self.take(cx);
            if matches!(taken, Taken::Failed) {
                let reason = self.link().map_or(Reason::INTERNAL_ERROR, StreamLink::reason);
                self.send.send_reset(reason);
                return Poll::Ready(());
            }
            let had_data = !self.data.is_empty();
            match self.poll_send(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(Gone)) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
            if self.is_body_over {
                self.end(had_data);
                return Poll::Ready(());
            }
            if let Some(link) = self.link() {
                link.set_in_hand(false);
            }
            // The application may wait for what has just been sent.
            if matches!(taken, Taken::All) && !had_data {
                return self.send.poll_reset(cx).map(|_| ());
            }
        }
    }

    fn link(&self) -> Option<&StreamLink> {
        self.shared.as_ref()?.stream.as_ref()
    }

    /// Takes what the body has, if there is nothing left to send.
    fn take(&mut self, cx: &mut Context<'_>) -> Taken {
        if self.is_body_over || !self.data.is_empty() {
            return Taken::Enough;
        }
        loop {
            let frame = match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending => return Taken::All,
                Poll::Ready(None) => {
                    self.is_body_over = true;
                    self.shared = None;
                    return Taken::Enough;
                }
                Poll::Ready(Some(Err(error))) => {
                    tracing::debug!(%error, "the response was given up");
                    return Taken::Failed;
                }
                Poll::Ready(Some(Ok(frame))) => frame,
            };
            match frame.into_data() {
                Ok(data) => {
                    if let Some(link) = self.link() {
                        link.set_in_hand(true);
                    }
                    let wants_more = self.data.push(data);
                    if self.body.is_end_stream() {
                        self.is_body_over = true;
                        self.shared = None;
                    }
                    if self.is_body_over || !wants_more {
                        return Taken::Enough;
                    }
                }
                // The body is asked once more: its end is not the application's.
                Err(frame) => self.trailers = frame.into_trailers().ok(),
            }
        }
    }

    /// Completes when all data at hand has been sent.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        while let Some(data) = self.data.front() {
            self.send.reserve_capacity(data.len());
            let mut room = self.send.capacity();
            if room == 0 {
                match self.send.poll_capacity(cx) {
                    Poll::Ready(Some(Ok(more))) => room = more,
                    Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(Err(Gone)),
                    Poll::Pending => return self.poll_too_slow(cx),
                }
            }
            let piece = data.split_to(room.min(data.len()));
            self.wait.pause(piece.len());
            let is_end = self.is_body_over && self.trailers.is_none() && self.data.is_empty();
            if self.send.send_data(piece, is_end).is_err() {
                return Poll::Ready(Err(Gone));
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Ends the stream unless the last data has. An error means that the client has gone.
    fn end(&mut self, had_data: bool) {
        if let Some(mut trailers) = self.trailers.take() {
            remove_connection_fields(&mut trailers);
            if self.hides_fields {
                keep_out_of_tables(&mut trailers);
            }
            let _ = self.send.send_trailers(trailers);
        } else if !had_data {
            let _ = self.send.send_data(Bytes::new(), true);
        }
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

impl Data {
    /// Takes a piece, when nothing has been sent of those before it; false if that is enough.
    fn push(&mut self, piece: Bytes) -> bool {
        let is_small = piece.len() <= SMALL_PIECE;
        if self.is_empty() {
            self.first = piece;
            return is_small;
        }
        if !is_small {
            self.last = piece;
            return false;
        }
        if !self.first.is_empty() {
            self.joined.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.joined.extend_from_slice(&piece);
        self.joined.len() <= FRAME_SIZE - SMALL_PIECE
    }

    /// What is to be sent first.
    fn front(&mut self) -> Option<&mut Bytes> {
        if self.first.is_empty() {
            self.first = match self.joined.is_empty() {
                true => std::mem::take(&mut self.last),
                false => self.joined.split().freeze(),
            };
        }
        (!self.first.is_empty()).then_some(&mut self.first)
    }

    fn is_empty(&self) -> bool {
        self.first.is_empty() && self.joined.is_empty() && self.last.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(data: &mut Data) -> Vec<Bytes> {
        std::iter::from_fn(|| data.front().map(std::mem::take)).collect()
    }

    #[test]
    fn small_pieces_are_put_together_and_large_ones_go_as_they_are() {
        let mut data = Data::default();
        let large = Bytes::from(vec![b'x'; SMALL_PIECE + 1]);
        assert!(data.push(Bytes::from_static(b"a")));
        assert!(data.push(Bytes::from_static(b"b")));
        assert!(!data.push(large.clone()));
        assert_eq!(pieces(&mut data), [Bytes::from_static(b"ab"), large.clone()]);
        assert!(data.is_empty());
        assert!(!data.push(large.clone()));
        assert_eq!(pieces(&mut data), [large]);
    }

    #[test]
    fn what_is_put_together_fits_into_a_frame() {
        let mut data = Data::default();
        while data.push(Bytes::from_static(&[b'x'; SMALL_PIECE])) {}
        assert!(pieces(&mut data)[0].len() <= FRAME_SIZE);
    }
}
