//! From what the application has written to the bytes of the answer.

use std::{
    future::Future,
    io::Result,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use falconry_features::{BoxError, FeatureError, ResponseHead};
use http::HeaderMap;
use tokio::time::Sleep;

use super::{Connection, Flow, Stage};
use crate::{
    date, events,
    exchange::{Exchange, Phase, Progress, Streaming, UpgradeState},
    http1::encode::{BodyEncoder, Framing, Stamp, encode_head},
    transport::Transport,
};

/// How long a started answer waits for the rest of the request, unless it is flushed.
const HOLD_BACK: Duration = Duration::from_millis(20);

impl<S: Transport> Connection<S> {
    /// Finds out what a run that has come as far as it can has to say.
    pub(super) fn answer(&mut self, cx: &mut Context<'_>, progress: Progress) -> Result<Flow> {
        let Stage::Running(driver) = &mut self.stage else { return Ok(Flow::Waits) };
        if let Some((exchange, data)) = driver.take_whole() {
            return Ok(self.answer_usual(exchange, data));
        }
        let Some(shared) = driver.shared() else { return Ok(self.give_up(&unanswered())) };
        let mut state = shared.lock();
        let output = &mut state.output;
        if output.phase == Phase::Aborted || (output.head.is_none() && progress == Progress::Complete) {
            drop(state);
            return Ok(self.give_up(&unanswered()));
        }
        if output.head.is_none() {
            return Ok(Flow::Waits);
        }
        if progress == Progress::Complete && driver.is_done() {
            drop(state);
            return Ok(self.end_request());
        }
        let is_app_reading = self.body.as_ref().is_some_and(|body| body.is_wanted());
        if progress == Progress::Waiting
            && is_app_reading
            && !output.has_waiting_writer()
            && hold(&mut self.hold, cx).is_pending()
        {
            return Ok(Flow::Waits);
        }
        let head = output.head.take();
        let is_upgrade = state.upgrade == UpgradeState::Done;
        drop(state);
        Ok(match head {
            Some(head) => self.answer_now(&head, is_upgrade),
            None => self.give_up(&unanswered()),
        })
    }

    /// Goes on with a response whose application runs on.
    pub(super) fn stream(&mut self, cx: &mut Context<'_>) -> Result<Flow> {
        let mut trailers = None;
        while let Stage::Streaming(streaming, encoder) = &mut self.stage {
            if self.io.is_full() {
                return Ok(Flow::Waits);
            }
            match streaming.poll_frame(cx) {
                Poll::Pending => return Ok(Flow::Waits),
                Poll::Ready(Some(Err(error))) => return Ok(self.give_up(&error)),
                Poll::Ready(None) => break,
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => encoder.data(&mut self.io.output, data),
                    Err(frame) => trailers = frame.into_trailers().ok(),
                },
            }
        }
        match std::mem::replace(&mut self.stage, Stage::Head) {
            Stage::Streaming(_, encoder) => Ok(self.end_answer(encoder, trailers.as_ref())),
            _ => Ok(self.give_up(&unanswered())),
        }
    }

    /// Reads what is left of the request before it is answered.
    pub(super) fn drain_and_answer(&mut self, cx: &mut Context<'_>) -> Result<Flow> {
        let Poll::Ready(is_read) = self.poll_drain(cx) else { return Ok(Flow::Waits) };
        if !is_read {
            self.request.closes = true;
            if let Some(shared) = self.exchange() {
                events::request_body_drain_timed_out(shared);
            }
        }
        Ok(self.answer_whole())
    }

    /// The run is over and has answered. What is left of the request decides whether the connection can be used
    /// again.
    fn end_request(&mut self) -> Flow {
        let Stage::Running(mut driver) = std::mem::replace(&mut self.stage, Stage::Head) else {
            return self.give_up(&unanswered());
        };
        let is_unread = self.inspector.in_body();
        let is_free = is_unread && driver.exchange_mut().is_some_and(Exchange::drop_request_body);
        self.stage = Stage::Draining(driver);
        if !is_unread {
            return self.answer_whole();
        }
        if let Some(shared) = self.exchange() {
            let is_refused = shared.lock().request_body.is_refused;
            if is_free && !is_refused && self.may_drain() {
                events::request_body_not_entirely_read(shared);
                self.drain = super::Drain::default();
                return Flow::Moved;
            }
            self.request.closes |= is_free;
        }
        self.answer_whole()
    }

    /// The run is over, and its response is of one piece or less.
    fn answer_usual(&mut self, exchange: Box<Exchange>, data: Option<Bytes>) -> Flow {
        let length = data.as_ref().map_or(0, |data| data.len() as u64);
        let Some(head) = exchange.head() else { return self.give_up(&unanswered()) };
        let mut encoder = self.encode_head(head, Some(length));
        if let Some(data) = data {
            encoder.data(&mut self.io.output, data);
        }
        self.spare = exchange.cleared();
        self.end_answer(encoder, None)
    }

    /// The run is over, and all of its response is here.
    fn answer_whole(&mut self) -> Flow {
        let Stage::Draining(mut driver) = std::mem::replace(&mut self.stage, Stage::Head) else {
            return self.give_up(&unanswered());
        };
        let Some(exchange) = driver.take_exchange() else { return self.give_up(&unanswered()) };
        let (data, trailers) = {
            let mut state = exchange.shared.lock();
            state.output.head = None;
            (state.output.take_all(), state.output.trailers.take())
        };
        let pieces = || data.0.iter().chain(&data.1);
        let length = pieces().map(|data| data.len() as u64).sum();
        let Some(head) = exchange.head() else { return self.give_up(&unanswered()) };
        let mut encoder = self.encode_head(head, trailers.is_none().then_some(length));
        pieces().for_each(|data| encoder.data(&mut self.io.output, data.clone()));
        exchange.recycle();
        self.end_answer(encoder, trailers.as_deref())
    }

    /// The run goes on: behind a head, or outside HTTP.
    fn answer_now(&mut self, head: &ResponseHead, is_upgrade: bool) -> Flow {
        let Stage::Running(driver) = std::mem::replace(&mut self.stage, Stage::Head) else {
            return self.give_up(&unanswered());
        };
        if is_upgrade {
            // The connection does not end with this answer, whatever the client or the server wants of HTTP.
            self.encode(head, None, false);
            self.stage = Stage::Upgrading(driver);
            return Flow::Moved;
        }
        let Some(streaming) = Streaming::new(driver) else { return self.give_up(&unanswered()) };
        let encoder = self.encode_head(head, None);
        self.stage = Stage::Streaming(streaming, encoder);
        Flow::Moved
    }

    /// Puts a head into the buffer. `length` is that of a whole body without trailers.
    pub(super) fn encode_head(&mut self, head: &ResponseHead, length: Option<u64>) -> BodyEncoder {
        // While the server stops, the answer to the last request that has arrived closes the connection.
        let is_last = self.io.input.is_empty() || self.inspector.in_body();
        let closes = self.request.closes || is_last && self.shared.signal.is_stopping();
        self.encode(head, length, closes)
    }

    fn encode(&mut self, head: &ResponseHead, length: Option<u64>, closes: bool) -> BodyEncoder {
        self.shared.http1.drop_interim();
        let framing = Framing {
            is_http10: self.request.is_http10,
            is_head: self.request.is_head,
            is_connect: self.request.is_connect,
            closes,
            length,
            stamp: self.stamp.get_or_insert_with(|| Stamp::new(&date::now())),
            adds_server: self.shared.options.add_server_header,
            #[cfg(feature = "http3")]
            alt_svc: self.shared.alt_svc.get(),
            #[cfg(not(feature = "http3"))]
            alt_svc: None,
        };
        let answered = self.io.output.write(|out| encode_head(out, head, &framing));
        self.request.closes = answered.closes;
        answered.body
    }

    /// The response has been written to its last byte.
    fn end_answer(&mut self, encoder: BodyEncoder, trailers: Option<&HeaderMap>) -> Flow {
        if !encoder.end(&mut self.io.output, trailers) {
            let error = FeatureError::aborted("the response is shorter than its Content-Length");
            return self.give_up(&error.into());
        }
        self.stage = match () {
            () if self.request.closes => Stage::Closing,
            () if self.inspector.in_body() => Stage::Remainder,
            () => Stage::Head,
        };
        self.drain = super::Drain::default();
        Flow::Moved
    }
}

/// Holds a started answer back, which nobody has flushed, while the application waits for more of the
/// request: the rest of it may be on its way and turn out to be malformed, and as long as nothing of
/// the answer has left it can be given up whole.
fn hold(timer: &mut Option<Pin<Box<Sleep>>>, cx: &mut Context<'_>) -> Poll<()> {
    timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(HOLD_BACK))).as_mut().poll(cx)
}

fn unanswered() -> BoxError {
    FeatureError::aborted("the request was aborted without an answer").into()
}
