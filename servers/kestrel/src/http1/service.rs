//! hyper's service: one request after the other into the application.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    task::{Context, Poll, ready},
    time::Duration,
};

use falconry_features::{BoxError, FeatureError, RequestBody};
use http::{
    HeaderValue, Request, Response,
    header::{ALLOW, CONNECTION, CONTENT_LENGTH, EXPECT},
};
use http_body::Body;
use hyper::body::Incoming;
use tokio::time::Sleep;

use super::Rejection;
use crate::{
    connection::ConnectionShared,
    exchange::{
        Drain, Driver, ExchangePool, KestrelRequestBody, Phase, Progress, RequestBodyState, ResponseBody,
        UpgradeState, head_response, into_response,
    },
};

/// How long a started answer waits for the rest of the request, unless it is flushed.
const HOLD_BACK: Duration = Duration::from_millis(20);

/// The service of one connection.
#[derive(Debug)]
pub(super) struct Http1Service {
    connection: Arc<ConnectionShared>,
    pool: Arc<ExchangePool>,
    upgraded: Arc<UpgradedSlot>,
}

/// Where a run that has left HTTP waits for the connection's task.
pub(super) type UpgradedSlot = Mutex<Option<Driver>>;

/// One request on its way to its response.
pub(super) struct Http1Future {
    connection: Arc<ConnectionShared>,
    upgraded: Arc<UpgradedSlot>,
    state: State,
    /// The request asked that the connection close, or it cannot be used further.
    closes: bool,
    /// Until when a started answer is held back.
    hold: Option<Pin<Box<Sleep>>>,
}

enum State {
    Refused(Rejection),
    Running(Driver),
    Draining(Driver, Drain),
    Failed(Option<BoxError>),
    Done,
}

impl Http1Service {
    pub(super) fn new(connection: Arc<ConnectionShared>, upgraded: Arc<UpgradedSlot>) -> Self {
        let pool = ExchangePool::new(Arc::clone(&connection));
        Self { connection, pool, upgraded }
    }

    /// Fills an exchange and starts the application.
    fn begin(&self, request: Request<Incoming>) -> (State, bool) {
        let link = &self.connection.http1;
        let (number, note) = link.take_request();
        let note = note.unwrap_or_default();
        if let Some(rejection) = note.rejection {
            return (State::Refused(rejection), true);
        }
        let (parts, incoming) = request.into_parts();
        let can_have_body = !incoming.is_end_stream();
        let expects_continue = can_have_body && parts.headers.contains_key(EXPECT);
        let max_size = self.connection.options.limits.max_request_body_size();
        let exchange = self.pool.take();
        link.set_current(&exchange.shared);
        link.reset_rates();
        exchange.shared.reset(
            number,
            parts.method.clone(),
            RequestBodyState::new(can_have_body, expects_continue, max_size),
            note.may_upgrade,
        );
        let body = if can_have_body {
            RequestBody::new(KestrelRequestBody::new(incoming, Arc::clone(&exchange.shared)))
        } else {
            RequestBody::empty()
        };
        let mut exchange = exchange;
        if let Err(rejection) = exchange.fill(parts, body, note.raw_target.as_deref()) {
            return (State::Refused(rejection), true);
        }
        match Driver::start(exchange) {
            Ok(driver) => (State::Running(driver), note.close),
            Err(error) => (State::Failed(Some(error)), true),
        }
    }
}

impl hyper::service::Service<Request<Incoming>> for Http1Service {
    type Response = Response<ResponseBody>;
    type Error = BoxError;
    type Future = Http1Future;

    fn call(&self, request: Request<Incoming>) -> Http1Future {
        let (state, closes) = self.begin(request);
        Http1Future {
            connection: Arc::clone(&self.connection),
            upgraded: Arc::clone(&self.upgraded),
            state,
            closes,
            hold: None,
        }
    }
}

impl Http1Future {
    fn poll_response(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<ResponseBody>, BoxError>> {
        if let State::Draining(_, drain) = &mut self.state {
            let is_read = ready!(drain.poll(cx));
            self.closes |= !is_read;
            let State::Draining(driver, _) = std::mem::replace(&mut self.state, State::Done) else {
                return Poll::Ready(Err(polled_again()));
            };
            return Poll::Ready(self.finish(driver));
        }
        let State::Running(driver) = &mut self.state else {
            return Poll::Ready(self.respond_at_once());
        };
        let progress = driver.poll(cx);
        let shared = Arc::clone(driver.shared());
        let mut state = shared.lock();
        if state.output.phase == Phase::Aborted {
            return Poll::Ready(Err(aborted()));
        }
        if state.output.head.is_none() {
            return match progress {
                Progress::Waiting => Poll::Pending,
                Progress::Complete => Poll::Ready(Err(aborted())),
            };
        }
        if progress == Progress::Waiting && self.holds_back(cx, state.output.has_waiting_writer()) {
            return Poll::Pending;
        }
        if state.upgrade == UpgradeState::Done {
            let head = state.output.head.take();
            drop(state);
            return Poll::Ready(self.leave_http(head));
        }
        drop(state);
        let State::Running(mut driver) = std::mem::replace(&mut self.state, State::Done) else {
            return Poll::Ready(Err(polled_again()));
        };
        if progress == Progress::Complete
            && shared.may_drain_request()
            && let Some(body) = driver.take_request_body()
        {
            self.state = State::Draining(driver, Drain::new(body));
            return self.poll_response(cx);
        }
        self.closes |= progress == Progress::Complete && !shared.is_request_read();
        Poll::Ready(self.finish(driver))
    }

    /// True while a started answer, which nobody has flushed, waits for the request: the rest of its
    /// body may be on its way and turn out to be malformed, and as long as nothing of the answer has
    /// left it can be given up whole.
    fn holds_back(&mut self, cx: &mut Context<'_>, writer_waits: bool) -> bool {
        if writer_waits || !self.connection.http1.is_app_reading.load(Ordering::Relaxed) {
            return false;
        }
        let hold = self.hold.get_or_insert_with(|| Box::pin(tokio::time::sleep(HOLD_BACK)));
        hold.as_mut().poll(cx).is_pending()
    }

    fn finish(&mut self, driver: Driver) -> Result<Response<ResponseBody>, BoxError> {
        let link = &self.connection.http1;
        link.drop_interim();
        let stops = self.connection.signal.is_stopping() && link.is_at_last_request();
        let response = into_response(driver, self.closes || stops).ok_or_else(aborted)?;
        Ok(response)
    }

    fn respond_at_once(&mut self) -> Result<Response<ResponseBody>, BoxError> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Refused(rejection) => {
                self.connection.http1.is_in_flight.store(false, Ordering::Relaxed);
                Ok(refusal(rejection, self.connection.options.add_server_header))
            }
            State::Failed(error) => Err(error.unwrap_or_else(polled_again)),
            State::Running(_) | State::Draining(..) | State::Done => Err(polled_again()),
        }
    }

    /// Answers 101; the rest of the run waits for the raw stream.
    fn leave_http(
        &mut self,
        head: Option<Arc<falconry_features::ResponseHead>>,
    ) -> Result<Response<ResponseBody>, BoxError> {
        let State::Running(driver) = std::mem::replace(&mut self.state, State::Done) else {
            return Err(polled_again());
        };
        *self.upgraded.lock().unwrap_or_else(PoisonError::into_inner) = Some(driver);
        let head = head.ok_or_else(aborted)?;
        Ok(head_response(&head, &self.connection.options))
    }
}

impl Future for Http1Future {
    type Output = Result<Response<ResponseBody>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.get_mut().poll_response(cx)
    }
}

/// The answer to a request that the guard has refused: no body, and the connection closes.
fn refusal(rejection: Rejection, adds_server: bool) -> Response<ResponseBody> {
    tracing::debug!(reason = rejection.message(), "ConnectionBadRequest: the connection sent a bad request");
    let mut response = Response::new(ResponseBody::empty());
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
