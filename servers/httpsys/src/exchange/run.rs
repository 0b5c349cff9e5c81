//! Runs the application for one request.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
    time::Duration,
};

use falconry_features::{BoxError, BoxFuture, Cancelled, Processed, complete_request, finish_response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::time::Sleep;

use super::{ExchangeShared, output::Phase};
use crate::{
    driver::{InlineAnswer, ReceivedRequest, RequestHandle, SendFlags, SendResponse},
    features::{self, Kind},
    request::{MAX_FIELDS, latin1_to_utf8},
    server::ServerShared,
};

/// How long a started answer waits for the rest of the request, unless it is flushed: what comes may turn out to be
/// malformed, and as long as nothing has left the driver can still say so.
const HOLD_BACK: Duration = Duration::from_millis(20);

impl ServerShared {
    /// Answers one request in a task of its own.
    pub(crate) async fn answer(self: Arc<Self>, received: ReceivedRequest) {
        self.run(received, false).await;
    }

    /// Answers one request in the task of its connection; leaves the usual response to the driver.
    pub(crate) async fn answer_inline(self: Arc<Self>, received: ReceivedRequest) -> Option<InlineAnswer> {
        self.run(received, true).await
    }

    async fn run(&self, received: ReceivedRequest, is_inline: bool) -> Option<InlineAnswer> {
        let _under_way = self.outstanding.begin();
        if let Some(status) = self.refusal(&received) {
            self.refuse(&*received.handle, status).await;
            return None;
        }
        let received = self.prepare(received);
        let handle = Arc::clone(&received.handle);
        let kind = Kind::of(&received.request, &*self.settings.driver);
        let mut exchange = self.exchanges.take(kind, &self.settings, &self.features);
        let prefix = self.prefix_of(&received.request);
        if exchange.fill(received, prefix.as_ref().map(|prefix| prefix.path_base())).is_err() {
            tracing::debug!("RequestParsingError: the request's target is malformed");
            self.exchanges.put(exchange);
            self.refuse(&*handle, StatusCode::BAD_REQUEST).await;
            return None;
        }
        drop(handle);
        let features = std::mem::take(&mut exchange.features);
        let context = match self.application.create_context(features) {
            Ok(context) => context,
            Err(error) => {
                tracing::error!(
                    error = &*error as &dyn std::error::Error,
                    "the application could not make a context"
                );
                exchange.shared.abort(None);
                return None;
            }
        };
        let processing = Processing::new(self.application.process(context), &exchange.shared);
        let Processed { mut context, result } = processing.await?;
        exchange.shared.is_ended.store(true, Ordering::Relaxed);
        if result.is_ok()
            && exchange.revision == context.features().revision()
            && let Some(head) = features::take_whole_head(context.features_mut(), &exchange.shared)
        {
            // As most are: one send, and nothing to be told of it.
            exchange.has_given_head = true;
            if is_inline {
                let response = exchange.shared.end_whole(head);
                exchange.features = self.application.dispose_context(context, None);
                let storage = features::take_storage(&mut exchange.features);
                self.exchanges.put(exchange);
                return Some(InlineAnswer { response, storage });
            }
            let mut head = Some(head);
            poll_fn(|cx| exchange.shared.poll_whole(cx, &mut head)).await;
            exchange.features = self.application.dispose_context(context, None);
            self.exchanges.put(exchange);
            return None;
        }
        exchange.shared.lock().has_failed = result.is_err();
        let error = finish_response(context.features_mut(), result).await;
        if let Some(error) = &error {
            log_error(&exchange.shared, error);
        }
        for error in complete_request(context.features_mut()).await {
            tracing::error!(error = &*error as &dyn std::error::Error, "a completed callback failed");
        }
        exchange.features = self.application.dispose_context(context, error.as_ref());
        self.exchanges.put(exchange);
        None
    }

    /// With which status a request is answered that does not reach the application.
    fn refusal(&self, received: &ReceivedRequest) -> Option<StatusCode> {
        if self.is_stopping() {
            return Some(StatusCode::SERVICE_UNAVAILABLE);
        }
        if received.request.headers.len() > MAX_FIELDS {
            return Some(StatusCode::BAD_REQUEST);
        }
        let is_anonymous = || received.request.user.as_ref().is_none_or(|user| !user.is_authenticated());
        (!self.allow_anonymous && is_anonymous()).then_some(StatusCode::UNAUTHORIZED)
    }

    /// Answers without a body.
    async fn refuse(&self, handle: &dyn RequestHandle, status: StatusCode) {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        if status == StatusCode::UNAUTHORIZED {
            for scheme in self.settings.schemes.get().challenges() {
                headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
            }
        }
        let closes = status == StatusCode::SERVICE_UNAVAILABLE;
        let flags = if closes { SendFlags::DISCONNECT } else { SendFlags::NONE };
        let mut response = Some(SendResponse { flags, status, headers, ..SendResponse::default() });
        let sent = poll_fn(|cx| handle.poll_send_response(cx, &mut response)).await;
        if sent.is_err() {
            // The client may have gone.
            let _ = handle.cancel();
        }
    }

    /// What is the same for every request.
    fn prepare(&self, mut received: ReceivedRequest) -> ReceivedRequest {
        let headers = &mut received.request.headers;
        if self.use_latin1_request_headers {
            latin1_to_utf8(headers);
        }
        if headers.contains_key(header::TRANSFER_ENCODING)
            && let Some(length) = headers.remove(header::CONTENT_LENGTH)
        {
            // Of the two the length counts for nothing (RFC 9112 section 6.3); applications may still look at it.
            headers.insert("x-content-length", length);
        }
        received
    }
}

/// The application's run: what it has written leaves when it waits, and it ends when its client has gone.
struct Processing<'a> {
    processing: BoxFuture<'static, Processed>,
    shared: &'a ExchangeShared,
    /// Completes when the client has gone; there once the application has asked for that.
    disconnected: Option<Cancelled>,
    hold: Option<Pin<Box<Sleep>>>,
}

impl<'a> Processing<'a> {
    fn new(processing: BoxFuture<'static, Processed>, shared: &'a ExchangeShared) -> Self {
        Self { processing, shared, disconnected: None, hold: None }
    }

    /// True if the run goes on.
    fn wait(&mut self, cx: &mut Context<'_>) -> bool {
        let state = self.shared.lock();
        let is_held = state.output.is_held();
        let is_sending = state.output.phase == Phase::Started;
        let holds_back = is_held && state.is_reading && state.output.is_unsent();
        if self.disconnected.is_none()
            && let Some(token) = &state.disconnected
        {
            self.disconnected = Some(token.cancelled());
        }
        drop(state);
        if let Some(disconnected) = &mut self.disconnected
            && Pin::new(disconnected).poll(cx).is_ready()
        {
            return false;
        }
        let may_send = !holds_back || {
            let hold = self.hold.get_or_insert_with(|| Box::pin(tokio::time::sleep(HOLD_BACK)));
            hold.as_mut().poll(cx).is_ready()
        };
        if is_sending && may_send {
            self.shared.poll_output(cx);
        }
        let throws = self.shared.settings.throw_write_exceptions;
        throws || !self.shared.lock().output.has_failed
    }
}

impl Future for Processing<'_> {
    /// `None`: the client has gone, and so has the application's run.
    type Output = Option<Processed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Poll::Ready(processed) = this.processing.as_mut().poll(cx) {
            return Poll::Ready(Some(processed));
        }
        if this.wait(cx) {
            return Poll::Pending;
        }
        this.shared.notify_aborted();
        Poll::Ready(None)
    }
}

fn log_error(shared: &ExchangeShared, error: &BoxError) {
    let error = &**error as &(dyn std::error::Error + 'static);
    if shared.lock().output.phase == Phase::Aborted {
        tracing::debug!(error, "RequestAborted: the request was aborted");
    } else {
        tracing::error!(error, "RequestProcessError: the application failed");
    }
}
