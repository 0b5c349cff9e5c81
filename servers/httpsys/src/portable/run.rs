//! One request in the task of its connection: from its route to the last operation.

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use falconry_features::{
    BadHttpRequestError, BoxError, BoxFuture, DuplexStream, FeatureError, HttpRequestFeature,
    HttpRequestLifetimeFeature, HttpResetFeature, HttpResponseFeature, Processed, RequestBody,
};
use http::Version;
use http_body::Body;
use tokio::time::Sleep;

use super::{
    answer::{Answer, abort, answer_or_reset},
    cache::Candidate,
    context::RouterContext,
    exchange::{PortableRequest, SendOperation},
    queue::{Delivery, Queue},
    router::{PortRouter, Route},
    sending::{Sending, Sent, poll_complete},
    table::Registration,
};
use crate::driver::{CachePolicy, InlineAnswer, SendResponse, Win32Error};

/// What the HTTP Server API waits unless told otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(120);

/// How much is read at once from a connection that has left HTTP, in bytes.
const STREAM_PIECE: usize = 16 * 1024;

/// The run of a request.
pub(super) struct Run {
    context: Option<Box<RouterContext>>,
    router: PortRouter,
    active: Option<Box<Active>>,
}

/// A request that was given to a queue.
struct Active {
    request: Arc<PortableRequest>,
    registration: Arc<Registration>,
    queue: Arc<Queue>,
    /// The receiver, where it runs here.
    inline: Option<BoxFuture<'static, Option<InlineAnswer>>>,
    /// It is received in another task.
    is_queued: bool,
    body: RequestBody,
    /// What has come of the body and was not wanted yet.
    rest: Bytes,
    is_body_at_end: bool,
    stream: Option<Box<dyn DuplexStream>>,
    sending: Option<Box<Sending>>,
    answer: Progress,
    /// Until when the request may wait in its queue.
    queue_timer: Option<Pin<Box<Sleep>>>,
    body_timer: Option<Pin<Box<Sleep>>>,
    body_timeout: Duration,
    hears_of_end: bool,
    /// The request was cancelled, and the connection has not been told yet.
    owes_abort: bool,
    /// Under which URL the response may be kept.
    cache_url: Option<String>,
}

/// How far the response has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// There is more to come.
    Open,
    /// Everything is sent; the connection learns of the end with the end of the run.
    Sent,
    /// The connection has the end.
    Completed,
    /// The response was given up.
    Aborted,
}

/// What looking at the operations has brought.
enum Looked {
    /// Something has been done: its caller goes on.
    Moved,
    Still,
    /// The request has ended here.
    Ended(Result<(), BoxError>),
}

impl Run {
    pub(super) fn new(context: Box<RouterContext>, router: &PortRouter) -> Self {
        Self { context: Some(context), router: router.clone(), active: None }
    }

    /// Finds out where the request goes, and gives it there. An answer of the driver's own ends it.
    fn begin(&mut self, context: &mut RouterContext) -> Option<Result<(), BoxError>> {
        let (registration, settings) = match self.router.route(context) {
            Ok(Route::Queue(registration, settings)) => (registration, settings),
            Ok(Route::Answer(answer)) => return Some(answer_or_reset(answer, &mut context.features)),
            Err(error) => return Some(Err(error)),
        };
        let queue = settings.queue.clone()?;
        let caches = registration.caches.load(Ordering::Relaxed);
        let cache_url = if caches { self.router.cache_url(&context.features) } else { None };
        let head = match self.router.request(context, &registration, &settings) {
            Ok(head) => head,
            Err(error) => return Some(Err(error)),
        };
        let body = match context.features.required_mut::<dyn HttpRequestFeature>() {
            Ok(request) if head.has_body => request.take_body(),
            _ => RequestBody::empty(),
        };
        let copy = (settings.delegates > 0).then(|| head.clone());
        let request = PortableRequest::again(context.spare.take(), head.tls.clone(), copy);
        let (inline, queue_timer) = match queue.deliver(&request, head) {
            Delivery::Inline(inline) => (Some(inline), None),
            Delivery::Queued => {
                let timeout = settings.timeouts.request_queue.unwrap_or(DEFAULT_TIMEOUT);
                (None, Some(Box::pin(tokio::time::sleep(timeout))))
            }
            Delivery::Refused(verbosity) => {
                return Some(answer_or_reset(Answer::unavailable(verbosity), &mut context.features));
            }
        };
        self.active = Some(Box::new(Active {
            request,
            registration,
            queue,
            is_queued: inline.is_none(),
            inline,
            body,
            rest: Bytes::new(),
            is_body_at_end: false,
            stream: None,
            sending: None,
            answer: Progress::Open,
            queue_timer,
            body_timer: None,
            body_timeout: settings.timeouts.entity_body.unwrap_or(DEFAULT_TIMEOUT),
            hears_of_end: false,
            owes_abort: false,
            cache_url,
        }));
        None
    }
}

impl Future for Run {
    type Output = Processed;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Processed> {
        let this = &mut *self;
        // It is taken for good below.
        let mut context = this.context.take().unwrap_or_default();
        if let Some(last) = &context.last {
            if last.poll_let_go(cx).is_pending() {
                this.context = Some(context);
                return Poll::Pending;
            }
            context.last = None;
        }
        let ended = match &this.active {
            None => this.begin(&mut context),
            Some(_) => None,
        };
        let ended = match (ended, &mut this.active) {
            (Some(result), _) => Poll::Ready(result),
            (None, Some(active)) => active.poll(cx, &mut context, &this.router),
            (None, None) => {
                Poll::Ready(Err(FeatureError::invalid_state("the group has lost its queue").into()))
            }
        };
        match ended {
            Poll::Ready(result) => {
                if let Some(active) = this.active.take() {
                    match active.is_queued {
                        false => context.spare = active.request.cleared(),
                        true if is_http1(&context) => context.last = Some(active.request),
                        true => {}
                    }
                }
                Poll::Ready(Processed { context, result })
            }
            Poll::Pending => {
                this.context = Some(context);
                Poll::Pending
            }
        }
    }
}

impl Drop for Run {
    /// The client has gone before the end: who has received the request hears of it before anything else.
    fn drop(&mut self) {
        if let Some(active) = self.active.take() {
            active.request.disconnect();
            active.request.end(Win32Error::CONNECTION_INVALID);
            active.queue.forget(&active.request);
        }
    }
}

impl Active {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        context: &mut RouterContext,
        router: &PortRouter,
    ) -> Poll<Result<(), BoxError>> {
        self.request.run(cx);
        loop {
            let had_inline = self.inline.is_some();
            if let Some(inline) = &mut self.inline
                && let Poll::Ready(answer) = inline.as_mut().poll(cx)
            {
                self.inline = None;
                if let Some(answer) = answer {
                    self.take_answer(cx, answer, context, router);
                }
            }
            match self.look(cx, context, router) {
                Looked::Moved => continue,
                Looked::Ended(result) => return Poll::Ready(result),
                Looked::Still => {}
            }
            if self.owes_abort && (self.inline.is_some() || !has_started(context)) {
                // Of a response that has begun, what was sent is still delivered where the receiver has ended, too.
                self.owes_abort = false;
                abort(&context.features);
            }
            if self.inline.is_none() {
                match self.answer {
                    Progress::Sent | Progress::Completed => return Poll::Ready(Ok(())),
                    Progress::Aborted => return Poll::Ready(Err(given_up())),
                    // The receiver ran here and has gone without an answer.
                    Progress::Open if had_inline && self.sending.is_none() => {
                        abort(&context.features);
                        return Poll::Ready(Err(given_up()));
                    }
                    Progress::Open => {}
                }
            } else if self.answer == Progress::Sent {
                // Whoever answered goes on; the answer does not wait.
                match poll_complete(cx, &mut context.features) {
                    Poll::Ready(Ok(())) => self.answer = Progress::Completed,
                    Poll::Ready(Err(_)) => self.answer = Progress::Aborted,
                    Poll::Pending => {}
                }
            }
            if let Some(result) = self.poll_queue_timer(cx, context) {
                return Poll::Ready(result);
            }
            if self.request.sleep() {
                return Poll::Pending;
            }
        }
    }

    /// Sends what the receiver that ran here has left to be sent.
    fn take_answer(
        &mut self,
        cx: &mut Context<'_>,
        answer: InlineAnswer,
        context: &mut RouterContext,
        router: &PortRouter,
    ) {
        if let Some(request) = context.features.get_mut::<dyn HttpRequestFeature>() {
            // They have moved to the receiver.
            *request.headers_mut() = answer.storage;
        }
        if self.answer == Progress::Open {
            self.begin_response(cx, answer.response, context, router);
        }
    }

    /// Does what has been asked for.
    fn look(&mut self, cx: &mut Context<'_>, context: &mut RouterContext, router: &PortRouter) -> Looked {
        let mut state = self.request.lock();
        let operation = state.send.operation.take();
        let wants_end = std::mem::take(&mut state.wants_end);
        let is_cancelled = std::mem::take(&mut state.is_cancelled);
        let delegation = state.delegation.take();
        let is_refused = state.is_refused;
        let wanted = state.read.wanted;
        state.read.is_new = false;
        let stream_error = state.stream_error;
        drop(state);
        if wants_end && !self.hears_of_end {
            self.hears_of_end = true;
            self.link_end(context);
        }
        if is_refused {
            self.request.end(Win32Error::OPERATION_ABORTED);
            let answer = Answer::unavailable(self.queue.verbosity());
            return Looked::Ended(answer_or_reset(answer, &mut context.features));
        }
        if is_cancelled && self.answer == Progress::Open {
            self.cancel(context, stream_error);
            return Looked::Moved;
        }
        if let Some(queue) = delegation {
            return self.delegate(queue, context);
        }
        let mut moved = match operation {
            Some(operation) => self.begin_send(cx, operation, context, router),
            None => self.poll_send(cx, context, router),
        };
        if let Some(limit) = wanted
            && let Some(result) = self.poll_read(cx, limit, context)
        {
            moved = true;
            wake(self.request.lock().complete_read(result));
        }
        if moved { Looked::Moved } else { Looked::Still }
    }

    /// True if the send has ended at once.
    fn begin_send(
        &mut self,
        cx: &mut Context<'_>,
        operation: SendOperation,
        context: &mut RouterContext,
        router: &PortRouter,
    ) -> bool {
        match operation {
            SendOperation::Response(response) => self.begin_response(cx, *response, context, router),
            SendOperation::EntityBody(body) => {
                self.sending = Some(Box::new(Sending::entity_body(body)));
                self.poll_send(cx, context, router)
            }
        }
    }

    /// The same for the first send of a response.
    fn begin_response(
        &mut self,
        cx: &mut Context<'_>,
        response: SendResponse,
        context: &mut RouterContext,
        router: &PortRouter,
    ) -> bool {
        let candidate = match response.cache_policy {
            CachePolicy::NoCache => None,
            CachePolicy::TimeToLive(_) => {
                self.registration.caches.store(true, Ordering::Relaxed);
                self.cache_url.as_ref().and_then(|_| Candidate::of(&response))
            }
        };
        let is_usual = candidate.is_none() && self.answer == Progress::Open && self.stream.is_none();
        if !is_usual {
            self.sending = Some(Box::new(Sending::response(response).keeping(candidate)));
            return self.poll_send(cx, context, router);
        }
        match Sending::whole(response, cx, &mut context.features) {
            Ok(result) => {
                self.end_send(result, context);
                true
            }
            Err(sending) => {
                self.sending = Some(sending);
                self.poll_send(cx, context, router)
            }
        }
    }

    /// True if a send has ended.
    fn poll_send(&mut self, cx: &mut Context<'_>, context: &mut RouterContext, router: &PortRouter) -> bool {
        let Some(sending) = &mut self.sending else { return false };
        let result = match self.answer {
            Progress::Open => sending.poll(cx, &mut context.features, &mut self.stream),
            _ => Poll::Ready(Err(Win32Error::CONNECTION_INVALID)),
        };
        let Poll::Ready(result) = result else { return false };
        let candidate = self.sending.take().and_then(|sending| sending.kept());
        if result.is_ok()
            && let (Some(candidate), Some(url)) = (candidate, self.cache_url.take())
        {
            router.kernel_cache().put(url, &self.registration.prefix, candidate);
        }
        self.end_send(result, context);
        true
    }

    fn end_send(&mut self, result: Result<Sent, Win32Error>, context: &RouterContext) {
        match result {
            Ok(Sent::More) => {}
            Ok(Sent::Last) => self.answer = Progress::Sent,
            Ok(Sent::Completed) => self.answer = Progress::Completed,
            Err(_) if self.answer == Progress::Open => {
                self.answer = Progress::Aborted;
                abort(&context.features);
            }
            Err(_) => {}
        }
        let is_last = self.answer != Progress::Open;
        wake(self.request.lock().complete_send(result.map(drop), is_last));
    }

    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        limit: usize,
        context: &mut RouterContext,
    ) -> Option<Result<Bytes, Win32Error>> {
        if let Some(stream) = &mut self.stream {
            return poll_stream(cx, &mut **stream, limit);
        }
        if self.rest.is_empty() && !self.is_body_at_end {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending => return self.poll_body_timer(cx, context),
                Poll::Ready(None) => self.is_body_at_end = true,
                Poll::Ready(Some(Ok(frame))) => {
                    self.body_timer = None;
                    match frame.into_data() {
                        Ok(data) => self.rest = data,
                        // Trailers: the API has no place for them.
                        Err(_) => return self.poll_read(cx, limit, context),
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    let status = BadHttpRequestError::find(&*error).map(BadHttpRequestError::status);
                    return Some(Err(self.give_up_body(status, context)));
                }
            }
        }
        if self.is_body_at_end && self.rest.is_empty() {
            return Some(Err(Win32Error::HANDLE_EOF));
        }
        Some(Ok(self.rest.split_to(limit.min(self.rest.len()))))
    }

    /// A client that sends nothing for too long has lost its request.
    fn poll_body_timer(
        &mut self,
        cx: &mut Context<'_>,
        context: &mut RouterContext,
    ) -> Option<Result<Bytes, Win32Error>> {
        let timeout = self.body_timeout;
        let timer = self.body_timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        if timer.as_mut().poll(cx).is_pending() {
            return None;
        }
        self.answer = Progress::Aborted;
        abort(&context.features);
        Some(Err(Win32Error::CONNECTION_INVALID))
    }

    /// The body is malformed, or the client has gone: the driver answers by itself, if it still can.
    fn give_up_body(&mut self, status: Option<http::StatusCode>, context: &mut RouterContext) -> Win32Error {
        let has_started = has_started(context);
        let features = &mut context.features;
        let answered = match status {
            Some(status) if !has_started => Answer::refusal(status).send(features),
            _ => Err(given_up()),
        };
        self.answer = match answered {
            Ok(()) => Progress::Completed,
            Err(_) => {
                abort(features);
                Progress::Aborted
            }
        };
        self.request.end(Win32Error::CONNECTION_INVALID);
        Win32Error::CONNECTION_INVALID
    }

    fn cancel(&mut self, context: &mut RouterContext, stream_error: Option<u32>) {
        self.answer = Progress::Aborted;
        self.request.end(Win32Error::CONNECTION_INVALID);
        self.request.disconnect();
        match (stream_error, context.features.get::<dyn HttpResetFeature>()) {
            (Some(code), Some(stream)) => stream.reset(code),
            _ => self.owes_abort = true,
        }
    }

    /// Gives the request to another queue.
    fn delegate(&mut self, queue: Arc<Queue>, context: &mut RouterContext) -> Looked {
        if self.answer != Progress::Open || self.sending.is_some() || self.stream.is_some() {
            return Looked::Moved;
        }
        let Some(mut head) = self.request.copy.clone() else { return Looked::Moved };
        // The prefix is another server's there.
        head.url_context = 0;
        self.request.end(Win32Error::INVALID_PARAMETER);
        let copy = Some(head.clone());
        let request = Arc::new(PortableRequest::new(head.tls.clone(), copy));
        if let Some(before) = self.inline.take() {
            // Whoever has given the request away may have other things to do.
            tokio::spawn(async { drop(before.await) });
        }
        self.request = request;
        self.hears_of_end = false;
        self.cache_url = None;
        self.queue = queue;
        match self.queue.deliver(&self.request, head) {
            Delivery::Inline(inline) => (self.inline, self.is_queued) = (Some(inline), false),
            Delivery::Queued => {
                self.is_queued = true;
                self.queue_timer = Some(Box::pin(tokio::time::sleep(DEFAULT_TIMEOUT)));
            }
            Delivery::Refused(verbosity) => {
                return Looked::Ended(answer_or_reset(Answer::unavailable(verbosity), &mut context.features));
            }
        }
        Looked::Moved
    }

    /// The client's end fires the receiver's token.
    fn link_end(&self, context: &RouterContext) {
        let Some(lifetime) = context.features.get::<dyn HttpRequestLifetimeFeature>() else { return };
        let request = Arc::downgrade(&self.request);
        lifetime.request_aborted().on_cancelled(move || {
            if let Some(request) = request.upgrade() {
                request.disconnect();
            }
        });
    }

    /// A request that nobody takes in time is answered by 503.
    fn poll_queue_timer(
        &mut self,
        cx: &mut Context<'_>,
        context: &mut RouterContext,
    ) -> Option<Result<(), BoxError>> {
        let timer = self.queue_timer.as_mut()?;
        if self.request.is_received() {
            self.queue_timer = None;
            return None;
        }
        if timer.as_mut().poll(cx).is_pending() {
            return None;
        }
        self.queue.forget(&self.request);
        if self.request.is_received() {
            // Somebody was faster.
            self.queue_timer = None;
            return None;
        }
        self.request.end(Win32Error::OPERATION_ABORTED);
        Some(answer_or_reset(Answer::unavailable(self.queue.verbosity()), &mut context.features))
    }
}

fn is_http1(context: &RouterContext) -> bool {
    let request = context.features.get::<dyn HttpRequestFeature>();
    request.is_some_and(|request| request.version() < Version::HTTP_2)
}

fn has_started(context: &RouterContext) -> bool {
    context.features.get::<dyn HttpResponseFeature>().is_none_or(|response| response.has_started())
}

fn poll_stream(
    cx: &mut Context<'_>,
    stream: &mut dyn DuplexStream,
    limit: usize,
) -> Option<Result<Bytes, Win32Error>> {
    let mut buffer = BytesMut::zeroed(limit.min(STREAM_PIECE));
    match stream.poll_read(cx, &mut buffer) {
        Poll::Pending => None,
        Poll::Ready(Ok(0)) => Some(Err(Win32Error::HANDLE_EOF)),
        Poll::Ready(Ok(read)) => {
            buffer.truncate(read);
            Some(Ok(buffer.freeze()))
        }
        Poll::Ready(Err(_)) => Some(Err(Win32Error::CONNECTION_INVALID)),
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn given_up() -> BoxError {
    FeatureError::aborted("the request was given up by its receiver").into()
}
