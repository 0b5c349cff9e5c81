//! What the application has written and the driver has not sent yet.

use std::{
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use falconry_features::{BodyWrite, FeatureError, ResponseHead, ResponseRules};
use http::{HeaderMap, Method};

use super::{ExchangeShared, framing::Framing, sends::InFlight, shared::State};
use crate::driver::{DataChunk, DataChunks, SendResponse};

/// How much is collected before it is sent and, while a send is under way, before writing has to wait. In bytes.
const LIMIT: usize = 64 * 1024;

/// The response on its way to the driver. The head leaves with the first send: when the application waits, flushes or
/// ends, or has written more than [`LIMIT`].
#[derive(Default)]
pub(crate) struct Output {
    pub(crate) phase: Phase,
    /// The driver has failed: the client has gone.
    pub(crate) has_failed: bool,
    pub(super) head: Option<Arc<ResponseHead>>,
    pub(super) rules: ResponseRules,
    pub(super) is_head_request: bool,
    pub(super) is_head_sent: bool,
    pub(super) framing: Framing,
    pub(super) held: DataChunks,
    held_bytes: usize,
    pub(super) sending: Option<InFlight>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Unstarted,
    Started,
    Completed,
    /// Whatever is left must not be sent.
    Aborted,
}

impl Output {
    /// Forgets everything.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    pub(super) fn abort(&mut self) {
        self.phase = Phase::Aborted;
        self.held = DataChunks::new();
        self.held_bytes = 0;
    }

    /// The head is fixed.
    pub(crate) fn start(&mut self, head: Arc<ResponseHead>, rules: ResponseRules, method: &Method) {
        if self.phase == Phase::Unstarted {
            self.phase = Phase::Started;
        }
        self.head = Some(head);
        self.rules = rules;
        self.is_head_request = *method == Method::HEAD;
    }

    /// True if something could be sent now.
    pub(crate) fn is_held(&self) -> bool {
        self.phase == Phase::Started
            && self.sending.is_none()
            && (!self.is_head_sent || !self.held.is_empty())
    }

    /// True while nothing at all has been sent.
    pub(crate) fn is_unsent(&self) -> bool {
        !self.is_head_sent
    }

    fn hold(&mut self, chunk: DataChunk, length: usize) {
        self.held.push(chunk);
        self.held_bytes += length;
    }

    pub(super) fn take_held(&mut self) -> DataChunks {
        self.held_bytes = 0;
        std::mem::take(&mut self.held)
    }
}

impl ExchangeShared {
    /// Takes `data` unless too much is waiting already.
    pub(crate) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        data: &mut Bytes,
    ) -> Poll<Result<(), FeatureError>> {
        let mut state = self.lock();
        // Counted on a copy: a call that has to wait is repeated and must count once.
        let mut rules = state.output.rules.clone();
        if rules.write(data.len())? == BodyWrite::Drop {
            data.clear();
            return Poll::Ready(Ok(()));
        }
        let is_sending = self.poll_sending(cx, &mut state).is_pending();
        if let Some(end) = self.check(&state) {
            return end;
        }
        if is_sending && state.output.held_bytes >= LIMIT {
            return Poll::Pending;
        }
        if state.output.held_bytes >= LIMIT && !is_sending {
            // Not before there is more: what may be all of the response has a length.
            self.begin_send(cx, &mut state, false, None);
        }
        let data = std::mem::take(data);
        let length = data.len();
        state.output.rules = rules;
        state.output.hold(DataChunk::Memory(data), length);
        Poll::Ready(Ok(()))
    }

    /// Counts a file that is to be sent; false if the response has no body to send it in.
    pub(crate) fn count_file(&self, length: u64) -> Result<bool, FeatureError> {
        let length = usize::try_from(length)
            .map_err(|_| FeatureError::out_of_range("the file is larger than this machine can count"))?;
        Ok(self.lock().output.rules.write(length)? == BodyWrite::Send)
    }

    /// Takes a part of a file, once everything before it has been sent.
    pub(crate) fn poll_write_file(
        &self,
        cx: &mut Context<'_>,
        chunk: &mut Option<DataChunk>,
    ) -> Poll<Result<(), FeatureError>> {
        let mut state = self.lock();
        ready!(self.poll_sending(cx, &mut state));
        if let Some(end) = self.check(&state) {
            return end;
        }
        if let Some(chunk) = chunk.take() {
            state.output.hold(chunk, 0);
            self.begin_send(cx, &mut state, false, None);
        }
        Poll::Ready(Ok(()))
    }

    /// Completes when everything has been sent.
    pub(crate) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        let mut state = self.lock();
        loop {
            ready!(self.poll_sending(cx, &mut state));
            if let Some(end) = self.check(&state) {
                return end;
            }
            if !state.output.is_held() {
                return Poll::Ready(Ok(()));
            }
            self.begin_send(cx, &mut state, false, None);
        }
    }

    /// Sends what is held as far as that goes without waiting, for an application that waits for something else.
    pub(crate) fn poll_output(&self, cx: &mut Context<'_>) {
        let mut state = self.lock();
        if self.poll_sending(cx, &mut state).is_ready() && state.output.is_held() {
            self.begin_send(cx, &mut state, false, None);
        }
    }

    /// Ends the response.
    pub(crate) fn poll_complete(
        &self,
        cx: &mut Context<'_>,
        trailers: &mut Option<HeaderMap>,
    ) -> Poll<Result<(), FeatureError>> {
        let mut state = self.lock();
        loop {
            ready!(self.poll_sending(cx, &mut state));
            if state.output.phase == Phase::Completed {
                return Poll::Ready(Ok(()));
            }
            if state.output.phase == Phase::Started && !state.is_delegated {
                state.output.rules.finish()?;
            }
            if let Some(end) = self.check(&state) {
                return end;
            }
            self.begin_send(cx, &mut state, true, trailers.take());
        }
    }

    /// Lets go of the head of a response that can be ended in one send, for [`poll_whole`](Self::poll_whole); `None` and
    /// no change if it cannot.
    pub(crate) fn release_head(&self) -> Option<()> {
        let mut state = self.lock();
        let is_usual = state.output.phase == Phase::Started
            && !state.output.is_head_sent
            && state.output.sending.is_none()
            && !state.is_delegated
            && !state.is_upgraded
            && state.output.rules.finish().is_ok();
        if is_usual {
            state.output.head = None;
        }
        is_usual.then_some(())
    }

    /// Sends the whole response. The first poll takes `head` out.
    pub(crate) fn poll_whole(&self, cx: &mut Context<'_>, head: &mut Option<ResponseHead>) -> Poll<()> {
        let mut state = self.lock();
        if let Some(head) = head.take() {
            let response = self.whole(&mut state, head);
            self.send_first(cx, &mut state, response, true);
        }
        self.poll_sending(cx, &mut state)
    }

    /// The same where whoever gets the response sends it: for the exchange it is done.
    pub(crate) fn end_whole(&self, head: ResponseHead) -> SendResponse {
        let mut state = self.lock();
        let mut response = self.whole(&mut state, head);
        response.flags = response.flags | self.buffering();
        state.output.phase = Phase::Completed;
        response
    }

    /// What writing ends with if the request has ended.
    fn check(&self, state: &State) -> Option<Poll<Result<(), FeatureError>>> {
        if state.is_delegated {
            // Somebody else answers; what is written here goes nowhere.
            return Some(Poll::Ready(Ok(())));
        }
        if state.output.phase != Phase::Aborted {
            return None;
        }
        let is_silent = state.output.has_failed
            && !self.settings.throw_write_exceptions
            && !self.is_ended.load(Ordering::Relaxed);
        // The application does not hear of it: its run ends here (see `Processing`).
        Some(if is_silent { Poll::Pending } else { Poll::Ready(Err(aborted())) })
    }
}

pub(crate) fn aborted() -> FeatureError {
    FeatureError::aborted("the request has been aborted; nothing more can be sent")
}
