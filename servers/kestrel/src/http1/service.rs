//! hyper's service: one request after the other into the application.

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use falconry_features::{BoxError, FeatureError, RequestBody, ResponseHead};
use http::{
    HeaderValue, Request, Response, Version,
    header::{ALLOW, CONNECTION, CONTENT_LENGTH, EXPECT},
};
use http_body::Body;
use hyper::body::Incoming;
use tokio::time::Sleep;

use super::Rejection;
use crate::{
    connection::ConnectionShared,
    events,
    exchange::{
        Drain, Driver, Exchange, KestrelRequestBody, Phase, Progress, RequestBodyState, ResponseBody,
        UpgradeState, head_response, streaming_response, usual_response, whole_response,
    },
};

/// How long a started answer waits for the rest of the request, unless it is flushed.
const HOLD_BACK: Duration = Duration::from_millis(20);

/// The service of one connection.
#[derive(Debug)]
pub(super) struct Http1Service {
    connection: Arc<ConnectionShared>,
}

/// One request on its way to its response.
pub(super) struct Http1Future {
    state: State,
    /// The request asked that the connection close, or it cannot be used further.
    closes: bool,
    /// Until when a started answer is held back.
    hold: Option<Pin<Box<Sleep>>>,
}

enum State {
    Refused(Rejection, Arc<ConnectionShared>),
    Running(Driver),
    Draining(Driver, Box<Drain>),
    Failed(BoxError),
    Done,
}

type Answer = Result<Response<ResponseBody>, BoxError>;

impl Http1Service {
    pub(super) fn new(connection: Arc<ConnectionShared>) -> Self {
        Self { connection }
    }

    /// Fills an exchange and starts the application.
    fn begin(&self, request: Request<Incoming>) -> (State, bool) {
        let link = &self.connection.http1;
        let (number, note) = link.take_request();
        let note = note.unwrap_or_default();
        if let Some(rejection) = note.rejection {
            return (State::Refused(rejection, Arc::clone(&self.connection)), true);
        }
        let (parts, incoming) = request.into_parts();
        let mut exchange = self.connection.exchanges.take(&self.connection);
        link.set_current(&exchange.shared);
        link.reset_rates();
        if parts.version == Version::HTTP_10 {
            link.is_http10_head_due.store(true, Ordering::Relaxed);
        }
        let can_have_body = !incoming.is_end_stream();
        let expects_continue = can_have_body && parts.headers.contains_key(EXPECT);
        let body_state = can_have_body.then(|| {
            RequestBodyState::new(expects_continue, self.connection.options.limits.max_request_body_size())
        });
        exchange.shared.begin(number, body_state, note.may_upgrade);
        let body = if can_have_body {
            RequestBody::new(KestrelRequestBody::new(incoming, Arc::clone(&exchange.shared)))
        } else {
            RequestBody::empty()
        };
        if let Err(rejection) = exchange.fill(parts, body, note.raw_target.as_deref(), note.has_te) {
            return (State::Refused(rejection, Arc::clone(&self.connection)), true);
        }
        match Driver::start(exchange) {
            Ok(driver) => (State::Running(driver), note.close),
            Err(error) => (State::Failed(error), true),
        }
    }
}

impl hyper::service::Service<Request<Incoming>> for Http1Service {
    type Response = Response<ResponseBody>;
    type Error = BoxError;
    type Future = Http1Future;

    fn call(&self, request: Request<Incoming>) -> Http1Future {
        let (state, closes) = self.begin(request);
        Http1Future { state, closes, hold: None }
    }
}

impl Future for Http1Future {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        let this = self.get_mut();
        match &mut this.state {
            State::Running(driver) => {
                let progress = driver.poll(cx);
                match driver.take_whole() {
                    Some((exchange, data)) => Poll::Ready(this.answer_usual(exchange, data)),
                    None => this.poll_answer(cx, progress),
                }
            }
            State::Draining(driver, drain) => {
                let is_read = ready!(drain.poll(cx));
                if !is_read {
                    driver
                        .shared()
                        .into_iter()
                        .for_each(|request| events::request_body_drain_timed_out(request));
                }
                this.closes |= !is_read;
                Poll::Ready(this.answer_whole())
            }
            State::Refused(..) | State::Failed(_) | State::Done => Poll::Ready(this.answer_at_once()),
        }
    }
}

impl Http1Future {
    /// Finds out what a run that has come as far as it can has to say.
    fn poll_answer(&mut self, cx: &mut Context<'_>, progress: Progress) -> Poll<Answer> {
        let State::Running(driver) = &self.state else { return Poll::Ready(Err(polled_again())) };
        let Some(shared) = driver.shared() else { return Poll::Ready(Err(polled_again())) };
        let mut state = shared.lock();
        let output = &mut state.output;
        if output.phase == Phase::Aborted {
            return Poll::Ready(Err(aborted()));
        }
        if output.head.is_none() {
            return match progress {
                Progress::Waiting => Poll::Pending,
                Progress::Complete => Poll::Ready(Err(aborted())),
            };
        }
        if progress == Progress::Complete && driver.is_done() {
            let (is_read, may_drain) = (state.request_body.is_at_end, state.request_body.may_drain());
            drop(state);
            if may_drain && self.begin_draining() {
                return Pin::new(self).poll(cx);
            }
            self.closes |= !is_read;
            return Poll::Ready(self.answer_whole());
        }
        let writer_waits = output.has_waiting_writer();
        let is_app_reading = shared.connection.http1.is_app_reading.load(Ordering::Relaxed);
        if progress == Progress::Waiting
            && is_app_reading
            && !writer_waits
            && self.hold.poll_hold(cx).is_pending()
        {
            return Poll::Pending;
        }
        let Some(head) = output.head.take() else { return Poll::Ready(Err(aborted())) };
        let is_upgrade = state.upgrade == UpgradeState::Done;
        drop(state);
        Poll::Ready(self.answer_now(&head, is_upgrade))
    }

    /// Begins to read what is left of the request, before the answer says whether the connection closes.
    fn begin_draining(&mut self) -> bool {
        let State::Running(mut driver) = std::mem::replace(&mut self.state, State::Done) else {
            return false;
        };
        match driver.take_request_body() {
            Some(body) => {
                driver
                    .shared()
                    .into_iter()
                    .for_each(|request| events::request_body_not_entirely_read(request));
                self.state = State::Draining(driver, Box::new(Drain::new(body)));
                true
            }
            None => {
                self.state = State::Running(driver);
                false
            }
        }
    }

    /// The run is over, and its response is of one piece or less.
    fn answer_usual(&mut self, exchange: Box<Exchange>, data: Option<Bytes>) -> Answer {
        self.state = State::Done;
        self.settle_closing(&exchange.shared.connection);
        usual_response(exchange, data, self.closes).ok_or_else(aborted)
    }

    /// The run is over.
    fn answer_whole(&mut self) -> Answer {
        let (State::Running(mut driver) | State::Draining(mut driver, _)) =
            std::mem::replace(&mut self.state, State::Done)
        else {
            return Err(polled_again());
        };
        let exchange = driver.take_exchange().ok_or_else(polled_again)?;
        self.settle_closing(&exchange.shared.connection);
        whole_response(exchange, self.closes).ok_or_else(aborted)
    }

    /// The run goes on: behind a head, or outside HTTP.
    fn answer_now(&mut self, head: &ResponseHead, is_upgrade: bool) -> Answer {
        let State::Running(driver) = std::mem::replace(&mut self.state, State::Done) else {
            return Err(polled_again());
        };
        let shared = Arc::clone(driver.shared().ok_or_else(polled_again)?);
        self.settle_closing(&shared.connection);
        if is_upgrade {
            shared.connection.http1.put_upgraded(driver);
            return Ok(head_response(head, &shared.connection.options));
        }
        streaming_response(driver, head, self.closes).ok_or_else(polled_again)
    }

    /// While the server stops, the answer to the last request that has arrived closes the connection.
    fn settle_closing(&mut self, connection: &ConnectionShared) {
        connection.http1.drop_interim();
        self.closes |= connection.signal.is_stopping() && connection.http1.is_at_last_request();
    }

    fn answer_at_once(&mut self) -> Answer {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Refused(rejection, connection) => {
                connection.http1.is_in_flight.store(false, Ordering::Relaxed);
                connection.observed.failed(rejection.error_type());
                let number = connection.http1.request_number();
                events::connection_bad_request(&connection, number, rejection.message());
                Ok(refusal(rejection, connection.options.add_server_header))
            }
            State::Failed(error) => Err(error),
            State::Running(_) | State::Draining(..) | State::Done => Err(polled_again()),
        }
    }
}

/// Holds a started answer back, which nobody has flushed, while the application waits for more of the
/// request: the rest of it may be on its way and turn out to be malformed, and as long as nothing of
/// the answer has left it can be given up whole.
trait Hold {
    fn poll_hold(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

impl Hold for Option<Pin<Box<Sleep>>> {
    fn poll_hold(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.get_or_insert_with(|| Box::pin(tokio::time::sleep(HOLD_BACK))).as_mut().poll(cx)
    }
}

/// The answer to a request that the guard has refused: no body, and the connection closes.
fn refusal(rejection: Rejection, adds_server: bool) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::Single(None));
    *response.status_mut() = rejection.status();
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    if let Some(methods) = rejection.allow() {
        headers.insert(ALLOW, HeaderValue::from_static(methods));
    }
    if adds_server {
        headers.insert(http::header::SERVER, HeaderValue::from_static("Kestrel"));
    }
    response
}

fn aborted() -> BoxError {
    FeatureError::aborted("the request was aborted without an answer").into()
}

fn polled_again() -> BoxError {
    FeatureError::invalid_state("the response was asked for after it had been given").into()
}
