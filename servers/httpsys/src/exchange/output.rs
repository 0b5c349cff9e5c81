//! What the application has written and the driver has not sent yet.

use std::{
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use falconry_features::{BodyWrite, FeatureError, ResponseHead, ResponseRules};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header::WWW_AUTHENTICATE};

use super::{
    ExchangeShared, caching,
    framing::{Circumstances, Framing},
    shared::State,
};
use crate::driver::{
    CachePolicy, DataChunk, DataChunks, SendEntityBody, SendFlags, SendResponse, Win32Error,
};

/// How much is collected before it is sent and, while a send is under way, before writing has to wait. In bytes.
const LIMIT: usize = 64 * 1024;

/// The response on its way to the driver. The head leaves with the first send: when the application waits, flushes or
/// ends, or has written more than [`LIMIT`].
#[derive(Default)]
pub(crate) struct Output {
    pub(crate) phase: Phase,
    /// The driver has failed: the client has gone.
    pub(crate) has_failed: bool,
    head: Option<Arc<ResponseHead>>,
    rules: ResponseRules,
    is_head_request: bool,
    is_head_sent: bool,
    framing: Framing,
    held: DataChunks,
    held_bytes: usize,
    sending: Option<InFlight>,
}

/// A send under way.
struct InFlight {
    is_head: bool,
    is_last: bool,
    /// The same without what the driver may not know.
    again: Option<Box<SendResponse>>,
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

    fn take_held(&mut self) -> DataChunks {
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

    /// Completes when no send is under way.
    fn poll_sending(&self, cx: &mut Context<'_>, state: &mut State) -> Poll<()> {
        let Some(in_flight) = &state.output.sending else { return Poll::Ready(()) };
        let result = match &state.handle {
            Some(handle) if in_flight.is_head => ready!(handle.poll_send_response(cx, &mut None)),
            Some(handle) => ready!(handle.poll_send_entity_body(cx, &mut None)),
            None => Err(Win32Error::INVALID_PARAMETER),
        };
        if self.end_send(cx, state, result) { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Sends what is held; `is_last` ends the response.
    fn begin_send(
        &self,
        cx: &mut Context<'_>,
        state: &mut State,
        is_last: bool,
        trailers: Option<HeaderMap>,
    ) {
        if !state.output.is_head_sent {
            let head = state.output.head.take();
            let mut response = match head.map(|head| ResponseHead::clone(&head)) {
                Some(head) if is_last && trailers.is_none() => self.whole(state, head),
                Some(head) => self.complete_head(state, head, false),
                None => SendResponse::default(),
            };
            if !(is_last && trailers.is_none()) {
                let more = if is_last { SendFlags::NONE } else { SendFlags::MORE_DATA };
                response.flags = response.flags | more;
                let held = state.output.take_held();
                response.chunks = framed(state.output.framing, held, is_last, trailers);
            }
            return self.send_first(cx, state, response, is_last);
        }
        let Some(handle) = &state.handle else { return };
        let more = if is_last { SendFlags::NONE } else { SendFlags::MORE_DATA };
        let output = &mut state.output;
        let chunks = framed(output.framing, output.take_held(), is_last, trailers);
        let flags = output.framing.flags.without(SendFlags::GOAWAY) | more | self.buffering();
        let sent = handle.poll_send_entity_body(cx, &mut Some(SendEntityBody { flags, chunks }));
        output.sending = Some(InFlight { is_head: false, is_last, again: None });
        if let Poll::Ready(result) = sent {
            self.end_send(cx, state, result);
        }
    }

    /// Sends what has the head.
    fn send_first(&self, cx: &mut Context<'_>, state: &mut State, mut response: SendResponse, is_last: bool) {
        let Some(handle) = &state.handle else { return };
        response.flags = response.flags | self.buffering();
        let again = response.flags.contains(SendFlags::GOAWAY).then(|| {
            let flags = response.flags.without(SendFlags::GOAWAY);
            Box::new(SendResponse { flags, ..response.clone() })
        });
        let sent = handle.poll_send_response(cx, &mut Some(response));
        state.output.is_head_sent = true;
        state.output.sending = Some(InFlight { is_head: true, is_last, again });
        if let Poll::Ready(result) = sent {
            self.end_send(cx, state, result);
        }
    }

    fn buffering(&self) -> SendFlags {
        if self.settings.buffers_responses { SendFlags::BUFFER_DATA } else { SendFlags::NONE }
    }

    /// A send has ended; false if it goes on in another way.
    fn end_send(&self, cx: &mut Context<'_>, state: &mut State, result: Result<(), Win32Error>) -> bool {
        let Some(in_flight) = state.output.sending.take() else { return true };
        if let (Err(Win32Error::INVALID_PARAMETER), Some(again), Some(handle)) =
            (&result, in_flight.again, &state.handle)
        {
            // An older system: nothing of the response has left.
            self.settings.can_go_away.store(false, Ordering::Relaxed);
            let sent = handle.poll_send_response(cx, &mut Some(*again));
            state.output.sending = Some(InFlight { again: None, ..in_flight });
            return match sent {
                Poll::Ready(result) => self.end_send(cx, state, result),
                Poll::Pending => false,
            };
        }
        match result {
            Ok(()) if in_flight.is_last && state.output.phase != Phase::Aborted => {
                state.output.phase = Phase::Completed;
            }
            Ok(()) => {}
            Err(error) => {
                tracing::debug!(%error, "the response could not be sent: the client has gone");
                if state.output.phase != Phase::Aborted {
                    state.output.has_failed = true;
                    state.output.abort();
                    if let Some(handle) = &state.handle {
                        // It may have ended by itself.
                        let _ = handle.cancel();
                    }
                }
            }
        }
        true
    }

    /// The send that is the whole response.
    fn whole(&self, state: &mut State, head: ResponseHead) -> SendResponse {
        let mut response = self.complete_head(state, head, true);
        let held = state.output.take_held();
        response.chunks = framed(state.output.framing, held, true, None);
        response
    }

    /// The send with the head, still without its chunks.
    fn complete_head(&self, state: &mut State, mut head: ResponseHead, is_whole: bool) -> SendResponse {
        state.note_close(&mut head.headers);
        if head.status == StatusCode::UNAUTHORIZED {
            self.challenge(&mut head.headers);
        }
        let output = &mut state.output;
        let circumstances = Circumstances {
            version: state.version,
            is_head: output.is_head_request,
            client_keeps: state.client_keeps,
            is_whole,
            has_body: !output.held.is_empty(),
            driver_frames: self.settings.driver_frames,
        };
        let ResponseHead { status, reason, mut headers } = head;
        let mut framing = Framing::decide(status, &mut headers, circumstances, &output.rules);
        if !self.settings.can_go_away.load(Ordering::Relaxed) {
            framing.flags = framing.flags.without(SendFlags::GOAWAY);
        }
        output.framing = framing;
        let cache_policy = match self.settings.enable_response_caching {
            true => caching::policy(status, &headers),
            false => CachePolicy::NoCache,
        };
        SendResponse {
            flags: framing.flags,
            status,
            reason,
            headers,
            chunks: DataChunks::new(),
            cache_policy,
        }
    }

    /// A 401 says which schemes there are.
    fn challenge(&self, headers: &mut HeaderMap) {
        for scheme in self.settings.schemes.get().challenges() {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        }
    }
}

fn framed(framing: Framing, data: DataChunks, is_last: bool, trailers: Option<HeaderMap>) -> DataChunks {
    let mut chunks = framing.frame(data, is_last);
    if let Some(trailers) = trailers {
        chunks.push(DataChunk::Trailers(trailers));
    }
    chunks
}

pub(crate) fn aborted() -> FeatureError {
    FeatureError::aborted("the request has been aborted; nothing more can be sent")
}
