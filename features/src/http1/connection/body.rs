//! The body of a request, read from the wire when it is asked for.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};

use super::{exchange::Exchange, wire::Wire};
use crate::{BoxError, DuplexStream, http1::BodyPiece};

/// The body of a request.
pub(super) struct Incoming<T> {
    exchange: Exchange<T>,
    is_at_end: bool,
}

impl<T> Incoming<T> {
    pub(super) fn new(exchange: Exchange<T>) -> Self {
        Self { exchange, is_at_end: false }
    }
}

impl<T: DuplexStream + 'static> Body for Incoming<T> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Self { exchange, is_at_end } = self.get_mut();
        if *is_at_end {
            return Poll::Ready(None);
        }
        let mut wire = exchange.wire()?;
        let wire = &mut *wire;
        wire.body_room.count(0, wire.reader.body_left().unwrap_or(0))?;
        loop {
            match wire.reader.body()? {
                BodyPiece::Data(data) => {
                    wire.body_room.count(data.len() as u64, 0)?;
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                BodyPiece::End => {
                    *is_at_end = true;
                    let trailers = wire.reader.trailers().filter(|trailers| !trailers.is_empty()).cloned();
                    return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
                }
                BodyPiece::Incomplete => {}
            }
            if let Some(refusal) = wire.reader.end_of_input().filter(|_| wire.is_at_end) {
                return Poll::Ready(Some(Err(refusal.into())));
            }
            ready!(poll_ask_for_body(wire, cx)).map_err(|error| exchange.broken(error))?;
            ready!(wire.poll_receive(cx)).map_err(|error| exchange.broken(error))?;
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_at_end
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.exchange.wire().ok().and_then(|wire| wire.reader.body_left());
        left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// A client that waits for 100 Continue gets it, ahead of what the application has said and what has not left yet; once
/// the response is on its way it is the answer (RFC 9110 section 10.1.1).
fn poll_ask_for_body<T: DuplexStream>(wire: &mut Wire<T>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    if wire.has_left || !wire.writer.expects_continue() {
        return Poll::Ready(Ok(()));
    }
    let mut output = BytesMut::from(wire.writer.take_continue());
    output.unsplit(std::mem::take(&mut wire.output));
    wire.output = output;
    wire.poll_flush(cx)
}
