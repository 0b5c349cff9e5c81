//! How slowly a stream may bring its request's body.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::Frame;
use tokio::time::{Instant, Sleep};

use super::ExchangeShared;
use crate::http1::DataWait;

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

    /// Nothing has come: completes when the client has been too slow.
    pub(crate) fn poll_too_slow(&mut self, cx: &mut Context<'_>, exchange: &ExchangeShared) -> Poll<()> {
        let rate = exchange.stream.as_ref().and_then(|stream| stream.body_rate());
        self.wait.begin(Instant::now);
        let Some(deadline) = self.wait.deadline(rate) else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx)
    }
}
