//! How slowly a stream may bring its request's body.

use std::{
    pin::Pin,
    sync::atomic::Ordering,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use falconry_features::BoxError;
use http_body::Frame;
use tokio::time::{Instant, Sleep};

use super::ExchangeShared;
use crate::{
    events,
    http1::{DataWait, Rejection},
};

/// Holds the client of a stream to the minimum rate of its request's body.
#[derive(Debug, Default)]
pub(crate) struct BodyPace {
    wait: DataWait,
    timer: Option<Pin<Box<Sleep>>>,
}

impl BodyPace {
    /// Something has come, or the end.
    pub(crate) fn count<E>(&mut self, frame: Option<&Result<Frame<Bytes>, E>>) {
        let count = match frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            _ => 0,
        };
        self.wait.pause(count);
    }

    /// Nothing has come: completes when the client has been too slow, with the error for who reads. That has been told
    /// then, and the stream knows how to answer; the connection and its other streams go on.
    pub(crate) fn poll_too_slow(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &ExchangeShared,
    ) -> Poll<BoxError> {
        let rate = exchange.stream.as_ref().and_then(|stream| stream.body_rate());
        self.wait.begin(Instant::now);
        let Some(deadline) = self.wait.deadline(rate) else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(cx));
        events::request_body_too_slow(&exchange.connection, exchange.number.load(Ordering::Relaxed));
        if let Some(stream) = &exchange.stream {
            stream.fail_body(Rejection::RequestBodyTimeout);
        }
        Poll::Ready("the client sends the request's body too slowly".into())
    }
}
