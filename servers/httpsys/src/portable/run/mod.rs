//! One request in the task of its connection: from its route to the last operation.

mod active;
mod body;
mod response;
mod waiting;

use std::{
    pin::Pin,
    sync::atomic::Ordering,
    task::{Context, Poll},
    time::Duration,
};

use falconry_features::{BoxError, FeatureError, HttpRequestFeature, Processed, RequestBody};
use http::Version;

use self::active::Active;
use super::{
    answer::{Answer, answer_or_reset},
    context::RouterContext,
    exchange::PortableRequest,
    queue::Delivery,
    router::{PortRouter, Route},
};
use crate::driver::Win32Error;

/// What the HTTP Server API waits unless told otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(120);

/// The run of a request.
pub(super) struct Run {
    context: Option<Box<RouterContext>>,
    router: PortRouter,
    active: Option<Box<Active>>,
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
        let timeout = settings.timeouts.entity_body.unwrap_or(DEFAULT_TIMEOUT);
        let active = Active::new(request, registration, queue, body, timeout);
        self.active = Some(Box::new(active.delivered(inline, queue_timer).keeping(cache_url)));
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

fn is_http1(context: &RouterContext) -> bool {
    let request = context.features.get::<dyn HttpRequestFeature>();
    request.is_some_and(|request| request.version() < Version::HTTP_2)
}
