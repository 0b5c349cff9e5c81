//! One request and its response between the client and a backend.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use falconry_features::{
    BadHttpRequestError, Cancelled, FeatureCollection, FeatureError, HttpInformationalResponseFeature,
    HttpRequestFeature, HttpRequestLifetimeFeature, HttpResponseTrailersFeature, flush_response,
    write_response,
};
use http::{HeaderMap, Response, StatusCode, Version};
use http_body::{Body, Frame};
use hyper::body::Incoming;
use tokio::time::Sleep;

use super::{
    Backend, ForwardError, ForwardErrorKind, ForwardOptions, Forwarded,
    body::{BodyFailure, BodyWatch, ForwardBody},
    connection::BackendConnection,
    interim::Interim,
    request::{Leaving, Plan, front},
    response::{HALF_CLOSED_GRACE, set_head},
    trailers, tunnel,
};

/// One try to forward a request, over one connection.
pub(super) struct Exchange<'a> {
    features: &'a mut FeatureCollection,
    options: &'a ForwardOptions,
    plan: &'a Plan,
    body: Option<&'a BodyWatch>,
    /// Taken when it goes back to the pool, or leaves HTTP.
    connection: Option<Box<BackendConnection>>,
    interim: Interim,
    client: Client,
    /// What had been written and read when the try began.
    before: (usize, usize),
    has_started: bool,
}

/// Watches for the client's leave.
struct Client {
    aborted: Option<Cancelled>,
    is_http1: bool,
    grace: Option<Pin<Box<Sleep>>>,
}

/// What ends the wait for the response's head.
enum Event {
    Head(Result<Response<Incoming>, hyper::Error>),
    Interim,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(
        features: &'a mut FeatureCollection,
        options: &'a ForwardOptions,
        plan: &'a Plan,
        body: Option<&'a BodyWatch>,
        mut connection: Box<BackendConnection>,
    ) -> Self {
        let client = Client::new(features);
        let before = (connection.written(), connection.read());
        connection.start_timer(options.request_timeout);
        let connection = Some(connection);
        let interim = Interim::default();
        Self { features, options, plan, body, connection, interim, client, before, has_started: false }
    }

    pub(super) async fn run(&mut self, backend: &Backend) -> Result<Forwarded, ForwardError> {
        let response = self.head().await?;
        let is_http11 = response.version() == Version::HTTP_11;
        let (parts, incoming) = response.into_parts();
        let status = parts.status;
        if status == StatusCode::SWITCHING_PROTOCOLS {
            let connection = self.connection.take().ok_or_else(gone)?;
            return tunnel::run(self.features, self.plan, parts, connection).await;
        }
        if matches!(self.plan.leaving, Leaving::WebSocket(_)) && status.is_success() {
            let message = "the backend did not switch to the WebSocket that the client asked for";
            return Err(ForwardError::new(ForwardErrorKind::BadResponse, message));
        }
        set_head(self.features, parts, self.options)?;
        let response_bytes = match status {
            // Without content, whatever the backend sends (RFC 9110 section 15.3.6).
            StatusCode::RESET_CONTENT => 0,
            _ => self.stream(incoming).await?,
        };
        self.put_back(backend, is_http11).await;
        Ok(Forwarded { status, response_bytes, is_upgraded: false })
    }

    /// Sends the request and waits for the head of its response, passing on what comes ahead of it.
    async fn head(&mut self) -> Result<Response<Incoming>, ForwardError> {
        let passes_interim = self.features.contains::<dyn HttpInformationalResponseFeature>();
        let body = self.body.map_or_else(ForwardBody::none, BodyWatch::start);
        let mut request = self.plan.request(self.features, self.options, body)?;
        if passes_interim || self.plan.expects_continue {
            self.interim.watch(&mut request);
        }
        let connection = self.connection.as_mut().ok_or_else(gone)?;
        let mut response = pin!(connection.send(request));
        let mut asked_late =
            self.plan.expects_continue.then(|| Box::pin(tokio::time::sleep(self.options.continue_timeout)));
        loop {
            let event = poll_fn(|cx| {
                self.drive(cx);
                if let Poll::Ready(head) = response.as_mut().poll(cx) {
                    return Poll::Ready(Ok(Event::Head(head)));
                }
                if passes_interim && self.interim.has_any() {
                    return Poll::Ready(Ok(Event::Interim));
                }
                if let Some(body) = self.body.filter(|body| body.is_held())
                    && (self.interim.take_continue()
                        || asked_late.as_mut().is_some_and(|late| late.as_mut().poll(cx).is_ready()))
                {
                    // Wakes this task, which then reads the body.
                    body.release();
                }
                self.poll_given_up(cx).map(Err)
            })
            .await?;
            match event {
                Event::Head(Ok(response)) => {
                    // What came in one piece with the head still comes before it.
                    if passes_interim {
                        self.pass_interim().await?;
                    }
                    return Ok(response);
                }
                Event::Head(Err(error)) => return Err(self.failed(error)),
                Event::Interim => self.pass_interim().await?,
            }
        }
    }

    async fn pass_interim(&mut self) -> Result<(), ForwardError> {
        for (status, headers) in self.interim.take() {
            let Some(feature) = self.features.get_mut::<dyn HttpInformationalResponseFeature>() else {
                break;
            };
            // Not worth the request if it fails for another reason than the client's leave.
            if let Err(error) = poll_fn(|cx| feature.poll_send(cx, status, &headers)).await
                && error.is_aborted()
            {
                return Err(left(error));
            }
        }
        Ok(())
    }

    /// Copies the body of the response; how many bytes it had.
    async fn stream(&mut self, mut incoming: Incoming) -> Result<u64, ForwardError> {
        let mut bytes = 0;
        let mut is_flushed = false;
        while !incoming.is_end_stream() {
            let at_hand = poll_fn(|cx| Poll::Ready(self.poll_frame(cx, &mut incoming))).await;
            let frame = match at_hand {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    if !is_flushed {
                        // The backend takes its time; the client shall have what there is.
                        self.has_started = true;
                        self.while_driving(Step::Flush).await?;
                        is_flushed = true;
                    }
                    poll_fn(|cx| match self.poll_frame(cx, &mut incoming) {
                        Poll::Ready(frame) => Poll::Ready(Ok(frame)),
                        Poll::Pending => self.poll_given_up(cx).map(Err),
                    })
                    .await?
                }
            };
            match frame {
                None => break,
                Some(Err(error)) => {
                    // What the backend has sent is on its way, whatever came of it then.
                    if self.has_started && !is_flushed {
                        self.while_driving(Step::Flush).await?;
                    }
                    return Err(self.failed(error));
                }
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        bytes += data.len() as u64;
                        is_flushed = false;
                        self.while_driving(Step::Write(data)).await?;
                        self.has_started = true;
                    }
                    Err(frame) => self.set_trailers(frame),
                },
            }
        }
        Ok(bytes)
    }

    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
        incoming: &mut Incoming,
    ) -> Poll<Option<Result<Frame<bytes::Bytes>, hyper::Error>>> {
        // Asking for data is what makes the connection read it.
        if let Poll::Ready(frame) = Pin::new(&mut *incoming).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        self.drive(cx);
        Pin::new(incoming).poll_frame(cx)
    }

    /// Writes or flushes; while the client makes that wait, the request's body goes on.
    async fn while_driving(&mut self, step: Step) -> Result<(), ForwardError> {
        let mut has_waited = false;
        let done = {
            let (features, connection) = (&mut *self.features, &mut self.connection);
            let mut step = pin!(async move {
                match step {
                    Step::Write(data) => write_response(features, data).await,
                    Step::Flush => flush_response(features).await,
                }
            });
            poll_fn(|cx| {
                let done = step.as_mut().poll(cx);
                if done.is_pending() {
                    has_waited = true;
                    if let Some(connection) = connection {
                        connection.drive(cx);
                    }
                }
                done
            })
            .await
        };
        if has_waited && let Some(connection) = &mut self.connection {
            // That was the client's time.
            connection.start_timer(self.options.request_timeout);
        }
        done.map_err(|error| self.front_failed(error))
    }

    fn set_trailers(&mut self, frame: Frame<bytes::Bytes>) {
        let Ok(mut fields) = frame.into_trailers() else { return };
        trailers::retain_forwardable(&mut fields);
        if let Some(feature) = self.features.get_mut::<dyn HttpResponseTrailersFeature>()
            && let Ok(trailers) = feature.trailers_mut()
        {
            extend(trailers, fields);
        }
    }

    fn drive(&mut self, cx: &mut Context<'_>) {
        let Some(connection) = &mut self.connection else { return };
        connection.drive(cx);
        if let Some(body) = self.body
            && connection.written() != self.before.0
        {
            body.forget_replay();
        }
    }

    /// Completes when the request is not worth waiting for any longer.
    fn poll_given_up(&mut self, cx: &mut Context<'_>) -> Poll<ForwardError> {
        if self.client.poll_left(cx).is_ready() {
            let message = "the client left before the end of the response";
            return Poll::Ready(self.error(ForwardErrorKind::ClientLeft, message.into()));
        }
        let Some(connection) = &mut self.connection else { return Poll::Ready(gone()) };
        while connection.poll_timed_out(cx).is_ready() {
            if !self.body.is_some_and(BodyWatch::waits_for_client) {
                let timeout = self.options.request_timeout;
                let message = format!("the backend neither sent nor took a byte in {timeout:?}");
                return Poll::Ready(self.error(ForwardErrorKind::TimedOut, message));
            }
            // The client's time does not count.
            connection.start_timer(self.options.request_timeout.max(std::time::Duration::from_millis(1)));
        }
        Poll::Pending
    }

    /// Keeps the connection if it can carry another request.
    async fn put_back(&mut self, backend: &Backend, is_http11: bool) {
        let Some(mut connection) = self.connection.take() else { return };
        if is_http11 && poll_fn(|cx| Poll::Ready(connection.is_reusable(cx))).await {
            backend.put_back(connection);
        }
    }

    /// What a failure of the connection, or of the request's body, means.
    fn failed(&self, error: hyper::Error) -> ForwardError {
        match self.body.and_then(BodyWatch::take_failure) {
            Some(BodyFailure::TooLarge(limit)) => {
                let message = format!("the request's body is over the limit of {limit} bytes");
                return self.error(ForwardErrorKind::RequestTooLarge, message);
            }
            Some(BodyFailure::Length) => {
                let message = "the request's body is not as long as was declared";
                return self.error(ForwardErrorKind::Refused(StatusCode::BAD_REQUEST), message.into());
            }
            Some(BodyFailure::Client(error)) => {
                let kind = match BadHttpRequestError::find(&*error).map(BadHttpRequestError::status) {
                    Some(StatusCode::PAYLOAD_TOO_LARGE) => ForwardErrorKind::RequestTooLarge,
                    Some(status) => ForwardErrorKind::Refused(status),
                    None => ForwardErrorKind::ClientLeft,
                };
                return self
                    .error(kind, "the request's body could not be read from the client".to_owned())
                    .with_source(error);
            }
            None => {}
        }
        if error.is_parse() || error.is_parse_too_large() {
            let message = "what the backend answered is no valid response";
            return self.error(ForwardErrorKind::BadResponse, message.to_owned()).with_source(error);
        }
        let message = "the backend closed the connection before the end of its response";
        let is_repeatable = self.is_repeatable();
        self.error(ForwardErrorKind::BackendClosed, message.to_owned())
            .with_source(error)
            .repeatable(is_repeatable && !self.has_started)
    }

    /// True if nothing was answered, and either nothing was written or the request may be done twice.
    fn is_repeatable(&self) -> bool {
        let Some(connection) = &self.connection else { return false };
        if connection.read() != self.before.1 {
            return false;
        }
        let is_unwritten = connection.written() == self.before.0;
        (is_unwritten && self.body.is_none_or(BodyWatch::is_repeatable))
            || (self.plan.is_idempotent && self.body.is_none_or(BodyWatch::is_untouched))
    }

    fn front_failed(&self, error: FeatureError) -> ForwardError {
        let error = if error.is_aborted() { left(error) } else { front(error) };
        if self.has_started { error.started() } else { error }
    }

    fn error(&self, kind: ForwardErrorKind, message: String) -> ForwardError {
        let error = ForwardError::new(kind, message);
        if self.has_started { error.started() } else { error }
    }
}

impl Drop for Exchange<'_> {
    /// A request that was given up ends at the backend at once: a mere end of what it is sent could also be that of a
    /// client that has nothing more to say.
    fn drop(&mut self) {
        if let Some(connection) = &self.connection {
            connection.reset();
        }
    }
}

/// What is done to the response.
enum Step {
    Write(bytes::Bytes),
    Flush,
}

impl Client {
    fn new(features: &FeatureCollection) -> Self {
        let aborted = features
            .get::<dyn HttpRequestLifetimeFeature>()
            .map(|lifetime| lifetime.request_aborted().cancelled());
        let is_http1 = features
            .get::<dyn HttpRequestFeature>()
            .is_some_and(|request| request.version() < Version::HTTP_2);
        Self { aborted, is_http1, grace: None }
    }

    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(aborted) = &mut self.aborted {
            if Pin::new(aborted).poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.aborted = None;
            if !self.is_http1 {
                return Poll::Ready(());
            }
            self.grace = Some(Box::pin(tokio::time::sleep(HALF_CLOSED_GRACE)));
        }
        self.grace.as_mut().map_or(Poll::Pending, |grace| grace.as_mut().poll(cx))
    }
}

pub(super) fn extend(fields: &mut HeaderMap, more: HeaderMap) {
    let mut name = None;
    for (next, value) in more {
        name = next.or(name);
        if let Some(name) = &name {
            fields.append(name, value);
        }
    }
}

pub(super) fn left(error: FeatureError) -> ForwardError {
    ForwardError::new(ForwardErrorKind::ClientLeft, "the client left before the end of the response")
        .with_source(error)
}

fn gone() -> ForwardError {
    ForwardError::new(ForwardErrorKind::BackendClosed, "the connection to the backend is in use elsewhere")
}
