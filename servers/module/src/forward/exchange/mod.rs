//! One request and its response between the client and a backend.

mod client;
mod failure;
mod response_body;

use std::{
    future::poll_fn,
    pin::pin,
    task::{Context, Poll},
};

use falconry_features::{FeatureCollection, HttpInformationalResponseFeature};
use http::{Response, StatusCode, Version};
use hyper::body::Incoming;

pub(super) use self::failure::left;
use self::{client::Client, failure::gone};
use super::{
    Backend, ForwardError, ForwardErrorKind, ForwardOptions, Forwarded,
    body::{BodyWatch, ForwardBody},
    connection::BackendConnection,
    fields::Nominated,
    interim::Interim,
    request::{Leaving, Plan},
    response::set_head,
    tunnel,
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
    /// What of the response's fields and trailers ends at the module.
    nominated: Nominated,
    client: Client,
    /// What had been written and read when the try began.
    before: (usize, usize),
    has_started: bool,
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
        Self {
            features,
            options,
            plan,
            body,
            connection,
            interim: Interim::default(),
            nominated: Nominated::default(),
            client,
            before,
            has_started: false,
        }
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
        self.nominated = Nominated::new(&parts.headers);
        set_head(self.features, parts, &self.nominated, self.options)?;
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
        let connection = self.connection.as_ref().ok_or_else(gone)?;
        let body = self.body.map_or_else(ForwardBody::none, |body| body.start(connection.trailers()));
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
