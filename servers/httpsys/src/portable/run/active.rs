//! A request that was given to a queue, and what its receiver asks for.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use falconry_features::{
    BoxError, BoxFuture, DuplexStream, FeatureError, HttpRequestLifetimeFeature, HttpResetFeature,
    HttpResponseFeature, RequestBody,
};
use tokio::time::Sleep;

use crate::{
    driver::{InlineAnswer, Win32Error},
    portable::{
        answer::{Answer, abort, answer_or_reset},
        context::RouterContext,
        exchange::PortableRequest,
        queue::Queue,
        router::PortRouter,
        sending::{Sending, poll_complete},
        table::Registration,
    },
};

/// A request that was given to a queue.
pub(super) struct Active {
    pub(super) request: Arc<PortableRequest>,
    pub(super) registration: Arc<Registration>,
    pub(super) queue: Arc<Queue>,
    /// The receiver, where it runs here.
    pub(super) inline: Option<BoxFuture<'static, Option<InlineAnswer>>>,
    /// It is received in another task.
    pub(super) is_queued: bool,
    pub(super) body: RequestBody,
    /// What has come of the body and was not wanted yet.
    pub(super) rest: Bytes,
    pub(super) is_body_at_end: bool,
    pub(super) stream: Option<Box<dyn DuplexStream>>,
    pub(super) sending: Option<Box<Sending>>,
    pub(super) answer: Progress,
    /// Until when the request may wait in its queue.
    pub(super) queue_timer: Option<Pin<Box<Sleep>>>,
    pub(super) body_timer: Option<Pin<Box<Sleep>>>,
    pub(super) body_timeout: Duration,
    pub(super) hears_of_end: bool,
    /// The request was cancelled, and the connection has not been told yet.
    pub(super) owes_abort: bool,
    /// Under which URL the response may be kept.
    pub(super) cache_url: Option<String>,
}

/// How far the response has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
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
pub(super) enum Looked {
    /// Something has been done: its caller goes on.
    Moved,
    Still,
    /// The request has ended here.
    Ended(Result<(), BoxError>),
}

impl Active {
    pub(super) fn new(
        request: Arc<PortableRequest>,
        registration: Arc<Registration>,
        queue: Arc<Queue>,
        body: RequestBody,
        body_timeout: Duration,
    ) -> Self {
        Self {
            request,
            registration,
            queue,
            inline: None,
            is_queued: true,
            body,
            rest: Bytes::new(),
            is_body_at_end: false,
            stream: None,
            sending: None,
            answer: Progress::Open,
            queue_timer: None,
            body_timer: None,
            body_timeout,
            hears_of_end: false,
            owes_abort: false,
            cache_url: None,
        }
    }

    /// The same, of a request that runs here or waits in its queue.
    pub(super) fn delivered(
        mut self,
        inline: Option<BoxFuture<'static, Option<InlineAnswer>>>,
        queue_timer: Option<Pin<Box<Sleep>>>,
    ) -> Self {
        self.is_queued = inline.is_none();
        (self.inline, self.queue_timer) = (inline, queue_timer);
        self
    }

    /// The same, of a request whose response may be kept under this URL.
    pub(super) fn keeping(mut self, cache_url: Option<String>) -> Self {
        self.cache_url = cache_url;
        self
    }

    pub(super) fn poll(
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

    fn cancel(&mut self, context: &mut RouterContext, stream_error: Option<u32>) {
        self.answer = Progress::Aborted;
        self.request.end(Win32Error::CONNECTION_INVALID);
        self.request.disconnect();
        match (stream_error, context.features.get::<dyn HttpResetFeature>()) {
            (Some(code), Some(stream)) => stream.reset(code),
            _ => self.owes_abort = true,
        }
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
}

pub(super) fn has_started(context: &RouterContext) -> bool {
    context.features.get::<dyn HttpResponseFeature>().is_none_or(|response| response.has_started())
}

pub(super) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

pub(super) fn given_up() -> BoxError {
    FeatureError::aborted("the request was given up by its receiver").into()
}
