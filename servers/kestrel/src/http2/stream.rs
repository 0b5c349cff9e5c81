//! One stream from its request to the last byte of its response.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::{RequestBody, ResponseHead};
use h2::{Reason, RecvStream, server::SendResponse};
use http::{
    Method, Request, StatusCode,
    header::{CONTENT_LENGTH, EXPECT},
};

use super::{
    body::StreamBody,
    inspect::Scheme,
    pump::Pump,
    request::{Refusal, prepare},
    response::{into_head, keep_out_of_tables, refusal},
    tunnel::Tunnel,
};
use crate::{
    connection::ConnectionShared,
    exchange::{
        Driver, ExchangeShared, KestrelRequestBody, Phase, Progress, RequestBodyState, ResponseBody,
        UpgradeState, head_response, streaming_response, usual_response, whole_response,
    },
};

/// A request and its response. Polled by the connection first, and by a task of its own if that was
/// not enough: most requests need no task.
pub(super) struct StreamRun {
    shared: Arc<ExchangeShared>,
    respond: SendResponse<Bytes>,
    stage: Stage,
    is_head: bool,
}

enum Stage {
    /// The application has not started its response. What is not a body may become a tunnel.
    Running(Driver, Option<RecvStream>),
    Sending(Box<Pump>),
    /// The application has the stream for itself.
    Tunnel(Driver),
    Done,
}

impl StreamRun {
    /// Starts the application; `None` if the request does not reach it. `untold` is a scheme that is not in the request.
    pub(super) fn start(
        request: Request<RecvStream>,
        mut respond: SendResponse<Bytes>,
        untold: Option<Scheme>,
        connection: &Arc<ConnectionShared>,
    ) -> Option<Self> {
        let (mut parts, incoming) = request.into_parts();
        let options = &connection.options;
        let other_scheme = match prepare(
            &mut parts,
            connection.scheme,
            options,
            options.limits.http2.max_request_header_field_size(),
        ) {
            Ok(scheme) => scheme.or_else(|| untold.map(|scheme| scheme.as_str().to_owned())),
            Err(refusal) => {
                refuse(refusal, &mut respond, options.add_server_header);
                return None;
            }
        };
        let protocol = parts.extensions.remove::<h2::ext::Protocol>();
        let mut exchange = connection.exchanges.take_for_stream(connection);
        let shared = Arc::clone(&exchange.shared);
        shared.stream.as_ref()?.begin(options.limits.min_request_body_data_rate());
        let can_have_body = protocol.is_none() && !incoming.is_end_stream();
        let expects_continue = can_have_body && parts.headers.contains_key(EXPECT);
        let max_size = options.limits.max_request_body_size();
        let body_state = can_have_body.then(|| RequestBodyState::new(expects_continue, max_size));
        shared.begin(respond.stream_id().as_u32().into(), body_state, protocol.is_some());
        let (body, tunnel) = if protocol.is_some() {
            (RequestBody::empty(), Some(incoming))
        } else if can_have_body {
            let declared =
                parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
            let body = StreamBody::new(incoming, Arc::clone(&shared), declared);
            (RequestBody::new(KestrelRequestBody::new(body, Arc::clone(&shared))), None)
        } else {
            (RequestBody::empty(), None)
        };
        let is_head = parts.method == Method::HEAD;
        if exchange.fill_stream(parts, body, other_scheme, protocol).is_err() {
            refuse(Refusal::Malformed("the path is malformed"), &mut respond, false);
            return None;
        }
        match Driver::start(exchange) {
            Ok(driver) => Some(Self { shared, respond, stage: Stage::Running(driver, tunnel), is_head }),
            Err(error) => {
                tracing::error!(%error, "ApplicationError: the application could not make a context");
                respond.send_reset(Reason::INTERNAL_ERROR);
                None
            }
        }
    }

    fn poll_running(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Stage::Running(driver, _) = &mut self.stage else { return Poll::Ready(()) };
        let Some(link) = &self.shared.stream else { return Poll::Ready(()) };
        let progress = driver.poll(cx);
        let reset = link.poll_reset(cx);
        if let Some(reason) = reset {
            return self.reset(reason);
        }
        for interim in link.take_interim() {
            // An error means that the client has gone, which shows below.
            let _ = self.respond.send_informational(interim);
        }
        if let Some((exchange, data)) = driver.take_whole() {
            return match usual_response(exchange, data) {
                Some(response) => self.send(cx, response, false),
                None => self.reset(Reason::INTERNAL_ERROR),
            };
        }
        let mut state = self.shared.lock();
        if state.output.phase == Phase::Aborted {
            drop(state);
            return self.reset(Reason::INTERNAL_ERROR);
        }
        if state.output.head.is_none() {
            drop(state);
            return match progress {
                // A client that has reset its stream wants no answer.
                Progress::Waiting => self.respond.poll_reset(cx).map(|_| ()),
                Progress::Complete => self.reset(Reason::INTERNAL_ERROR),
            };
        }
        if progress == Progress::Complete && driver.is_done() {
            drop(state);
            return self.send_whole(cx);
        }
        let Some(head) = state.output.head.take() else { return Poll::Ready(()) };
        let is_tunnel = state.upgrade == UpgradeState::Done;
        drop(state);
        if is_tunnel { self.open_tunnel(cx, &head) } else { self.send_streaming(cx, &head) }
    }

    /// The run is over.
    fn send_whole(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Stage::Running(mut driver, _) = std::mem::replace(&mut self.stage, Stage::Done) else {
            return Poll::Ready(());
        };
        match driver.take_exchange().and_then(whole_response) {
            Some(response) => self.send(cx, response, false),
            None => self.reset(Reason::INTERNAL_ERROR),
        }
    }

    /// The run goes on behind a head.
    fn send_streaming(&mut self, cx: &mut Context<'_>, head: &ResponseHead) -> Poll<()> {
        let Stage::Running(driver, _) = std::mem::replace(&mut self.stage, Stage::Done) else {
            return Poll::Ready(());
        };
        match streaming_response(driver, head) {
            Some(response) => self.send(cx, response, true),
            None => self.reset(Reason::INTERNAL_ERROR),
        }
    }

    /// Sends a response, whose body may run the application.
    fn send(&mut self, cx: &mut Context<'_>, response: http::Response<ResponseBody>, runs: bool) -> Poll<()> {
        let (mut head, body) = into_head(response, self.is_head);
        let options = &self.shared.connection.options;
        let hides_fields = !options.allow_response_header_compression;
        if hides_fields {
            keep_out_of_tables(head.headers_mut());
        }
        let is_end = http_body::Body::is_end_stream(&body);
        match self.respond.send_response(head, is_end) {
            Ok(stream) if !is_end => {
                let shared = runs.then(|| Arc::clone(&self.shared));
                let rate = options.limits.min_response_data_rate();
                let pump = Pump::new(stream, body, shared, rate).hiding_fields(hides_fields);
                self.stage = Stage::Sending(Box::new(pump));
                Pin::new(self).poll(cx)
            }
            Ok(_) => Poll::Ready(()),
            Err(error) => {
                tracing::debug!(%error, "the response could not be sent");
                self.reset(Reason::INTERNAL_ERROR)
            }
        }
    }

    /// The application has accepted an extended CONNECT.
    fn open_tunnel(&mut self, cx: &mut Context<'_>, head: &ResponseHead) -> Poll<()> {
        let Stage::Running(driver, Some(incoming)) = std::mem::replace(&mut self.stage, Stage::Done) else {
            return self.reset(Reason::INTERNAL_ERROR);
        };
        let response = head_response(head, &self.shared.connection.options);
        let (head, _) = into_head(response, true);
        let Ok(stream) = self.respond.send_response(head, false) else { return Poll::Ready(()) };
        let sender = self.shared.lock().stream_sender.take();
        if let Some(sender) = sender {
            // The application may have stopped waiting; then the stream ends here.
            drop(sender.send(Box::new(Tunnel::new(stream, incoming))));
        }
        self.stage = Stage::Tunnel(driver);
        Pin::new(self).poll(cx)
    }

    fn reset(&mut self, reason: Reason) -> Poll<()> {
        self.respond.send_reset(reason);
        self.stage = Stage::Done;
        Poll::Ready(())
    }
}

impl Future for StreamRun {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let done = match &mut this.stage {
            Stage::Running(..) => this.poll_running(cx),
            Stage::Sending(pump) => pump.poll(cx),
            Stage::Tunnel(driver) => {
                let reset = this.shared.stream.as_ref().and_then(|link| link.poll_reset(cx));
                match (reset, driver.poll(cx)) {
                    (Some(reason), _) => return this.reset(reason),
                    (None, Progress::Complete) => {
                        if let Some(exchange) = driver.take_exchange() {
                            exchange.recycle();
                        }
                        Poll::Ready(())
                    }
                    (None, Progress::Waiting) => Poll::Pending,
                }
            }
            Stage::Done => Poll::Ready(()),
        };
        if done.is_ready() {
            // What is left of the run goes: the application hears of it.
            this.stage = Stage::Done;
        }
        done
    }
}

fn refuse(refused: Refusal, respond: &mut SendResponse<Bytes>, adds_server: bool) {
    match refused {
        Refusal::Malformed(reason) => {
            tracing::debug!(reason, "ConnectionBadRequest: a stream carries a malformed request");
            respond.send_reset(Reason::PROTOCOL_ERROR);
        }
        Refusal::Status(status) => answer(status, respond, adds_server),
    }
}

fn answer(status: StatusCode, respond: &mut SendResponse<Bytes>, adds_server: bool) {
    // An error means that the client has gone.
    let _ = respond.send_response(refusal(status, adds_server), true);
}
