//! The queue that has the request: how long it waits there, and the way to another one.

use std::{sync::Arc, task::Context};

use falconry_features::BoxError;

use super::{
    DEFAULT_TIMEOUT,
    active::{Active, Looked, Progress},
};
use crate::{
    driver::Win32Error,
    portable::{
        answer::{Answer, answer_or_reset},
        context::RouterContext,
        exchange::PortableRequest,
        queue::{Delivery, Queue},
    },
};

impl Active {
    /// Gives the request to another queue.
    pub(super) fn delegate(&mut self, queue: Arc<Queue>, context: &mut RouterContext) -> Looked {
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

    /// A request that nobody takes in time is answered by 503.
    pub(super) fn poll_queue_timer(
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
