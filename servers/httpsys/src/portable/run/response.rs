//! The sends of a response.

use std::{
    sync::atomic::Ordering,
    task::{Context, Poll},
};

use falconry_features::HttpRequestFeature;

use super::active::{Active, Progress, wake};
use crate::{
    driver::{CachePolicy, InlineAnswer, SendResponse, Win32Error},
    portable::{
        answer::abort,
        cache::Candidate,
        context::RouterContext,
        exchange::SendOperation,
        router::PortRouter,
        sending::{Sending, Sent},
    },
};

impl Active {
    /// Sends what the receiver that ran here has left to be sent.
    pub(super) fn take_answer(
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

    /// True if the send has ended at once.
    pub(super) fn begin_send(
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
    pub(super) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        context: &mut RouterContext,
        router: &PortRouter,
    ) -> bool {
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
}
