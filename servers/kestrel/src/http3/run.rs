//! The application's run for one stream, until its response starts.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use falconry_features::ResponseHead;
use h3::error::Code;
use http::Response;
use http_body::Body;

use super::{
    ReceiveHalf, SendHalf,
    carrier::{Stopped, StreamState},
    code,
    pump::{Cancelled, Pump},
    tunnel::Tunnel,
};
use crate::{
    exchange::{
        Driver, ExchangeShared, Phase, Progress, ResponseBody, UpgradeState, head_response,
        streaming_response, whole_response,
    },
    http2::into_head,
};

/// What comes from the client behind the fields.
pub(super) enum Incoming {
    /// The application has it.
    Body,
    /// What the application gets if it accepts an extended CONNECT.
    Tunnel(Box<ReceiveHalf>),
}

/// A request and its response.
pub(super) struct StreamRun {
    /// First: it goes first, and the application's end may say how the stream ends.
    driver: Option<Driver>,
    shared: Arc<ExchangeShared>,
    /// Until a tunnel takes it.
    send: Option<SendHalf>,
    incoming: Incoming,
    state: Arc<StreamState>,
    cancelled: Cancelled,
    is_head: bool,
}

/// What the run has come to.
enum Event {
    Interim(Vec<Response<()>>),
    /// The response is whole.
    Whole,
    /// The response starts, or the stream becomes a tunnel.
    Head {
        head: Arc<ResponseHead>,
        is_tunnel: bool,
    },
}

impl StreamRun {
    pub(super) fn new(
        driver: Driver,
        send: SendHalf,
        incoming: Incoming,
        state: Arc<StreamState>,
        stopped: Stopped,
        is_head: bool,
    ) -> Option<Self> {
        let shared = Arc::clone(driver.shared()?);
        let cancelled = Cancelled::new(stopped, Arc::clone(&state));
        Some(Self { driver: Some(driver), shared, send: Some(send), incoming, state, cancelled, is_head })
    }

    /// Completes when the client has the whole response, or there is none.
    pub(super) async fn serve(mut self) {
        if let Err(code) = self.respond().await {
            // Dropping the stream resets it.
            self.state.fail(code);
            return;
        }
        let Self { driver, send, mut cancelled, .. } = self;
        drop((driver, send));
        // The connection must not end before the response has arrived.
        cancelled.ended().await;
    }

    async fn respond(&mut self) -> Result<(), Code> {
        loop {
            match poll_fn(|cx| self.poll_event(cx)).await? {
                Event::Interim(responses) => {
                    let send = self.send.as_mut().ok_or(Code::H3_INTERNAL_ERROR)?;
                    for response in responses {
                        send.send_response(response).await.map_err(|_| Code::H3_REQUEST_CANCELLED)?;
                    }
                }
                Event::Whole => {
                    let exchange = self.driver.take().and_then(|mut driver| driver.take_exchange());
                    let response = exchange.and_then(whole_response);
                    return self.send(response.ok_or(Code::H3_INTERNAL_ERROR)?).await;
                }
                Event::Head { head, is_tunnel: true } => return self.open_tunnel(&head).await,
                Event::Head { head, .. } => {
                    let driver = self.driver.take().ok_or(Code::H3_INTERNAL_ERROR)?;
                    let response = streaming_response(driver, &head);
                    return self.send(response.ok_or(Code::H3_INTERNAL_ERROR)?).await;
                }
            }
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, Code>> {
        let (Some(driver), Some(link)) = (&mut self.driver, &self.shared.stream) else {
            return Poll::Ready(Err(Code::H3_INTERNAL_ERROR));
        };
        let progress = driver.poll(cx);
        if let Some(reason) = link.poll_reset(cx) {
            return Poll::Ready(Err(code(reason)));
        }
        if let Poll::Ready(code) = self.state.poll_failure(cx) {
            return Poll::Ready(Err(code));
        }
        let interim = link.take_interim();
        if !interim.is_empty() {
            return Poll::Ready(Ok(Event::Interim(interim)));
        }
        let mut state = self.shared.lock();
        if state.output.phase == Phase::Aborted {
            return Poll::Ready(Err(Code::H3_INTERNAL_ERROR));
        }
        if state.output.head.is_none() {
            drop(state);
            return match progress {
                // A client that has cancelled its request wants no answer.
                Progress::Waiting => self.cancelled.poll(cx).map(Err),
                Progress::Complete => Poll::Ready(Err(Code::H3_INTERNAL_ERROR)),
            };
        }
        if progress == Progress::Complete && driver.is_done() {
            return Poll::Ready(Ok(Event::Whole));
        }
        let is_tunnel = state.upgrade == UpgradeState::Done;
        match state.output.head.take() {
            Some(head) => Poll::Ready(Ok(Event::Head { head, is_tunnel })),
            None => Poll::Ready(Err(Code::H3_INTERNAL_ERROR)),
        }
    }

    async fn send(&mut self, response: Response<ResponseBody>) -> Result<(), Code> {
        let (head, body) = into_head(response, self.is_head);
        let is_end = body.is_end_stream();
        let send = self.send.as_mut().ok_or(Code::H3_INTERNAL_ERROR)?;
        send.send_response(head).await.map_err(|error| {
            tracing::debug!(%error, "the response could not be sent");
            Code::H3_INTERNAL_ERROR
        })?;
        if is_end {
            return send.finish().await.map_err(|_| Code::H3_REQUEST_CANCELLED);
        }
        Pump::new(send, body, &self.shared, &self.state, &mut self.cancelled).run().await
    }

    /// The application has accepted an extended CONNECT (RFC 9220).
    async fn open_tunnel(&mut self, head: &ResponseHead) -> Result<(), Code> {
        let incoming = std::mem::replace(&mut self.incoming, Incoming::Body);
        let Incoming::Tunnel(receive) = incoming else { return Err(Code::H3_INTERNAL_ERROR) };
        let response = head_response(head, &self.shared.connection.options);
        let (head, _) = into_head(response, true);
        let mut send = self.send.take().ok_or(Code::H3_INTERNAL_ERROR)?;
        send.send_response(head).await.map_err(|_| Code::H3_REQUEST_CANCELLED)?;
        let sender = self.shared.lock().stream_sender.take();
        if let Some(sender) = sender {
            let tunnel = Tunnel::new(send, *receive, Arc::clone(&self.state));
            // The application may have stopped waiting; then the stream ends here.
            drop(sender.send(Box::new(tunnel)));
        }
        poll_fn(|cx| self.poll_tunnel(cx)).await
    }

    /// Completes when the application's run is over; others may still have the tunnel.
    fn poll_tunnel(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Code>> {
        let Some(driver) = &mut self.driver else { return Poll::Ready(Ok(())) };
        let progress = driver.poll(cx);
        if let Some(reason) = self.shared.stream.as_ref().and_then(|link| link.poll_reset(cx)) {
            return Poll::Ready(Err(code(reason)));
        }
        if let Poll::Ready(code) = self.state.poll_failure(cx) {
            return Poll::Ready(Err(code));
        }
        if progress == Progress::Waiting {
            return Poll::Pending;
        }
        if let Some(exchange) = driver.take_exchange() {
            exchange.recycle();
        }
        Poll::Ready(Ok(()))
    }
}
