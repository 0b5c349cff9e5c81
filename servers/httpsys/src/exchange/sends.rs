//! The sends of a response to the driver.

use std::{
    sync::atomic::Ordering,
    task::{Context, Poll, ready},
};

use falconry_features::ResponseHead;
use http::{HeaderMap, HeaderValue, StatusCode, header::WWW_AUTHENTICATE};

use super::{
    ExchangeShared, caching,
    framing::{Circumstances, Framing},
    output::Phase,
    shared::State,
};
use crate::driver::{
    CachePolicy, DataChunk, DataChunks, SendEntityBody, SendFlags, SendResponse, Win32Error,
};

/// A send under way.
pub(super) struct InFlight {
    is_head: bool,
    is_last: bool,
    /// The same without what the driver may not know.
    again: Option<Box<SendResponse>>,
}

impl ExchangeShared {
    /// Completes when no send is under way.
    pub(super) fn poll_sending(&self, cx: &mut Context<'_>, state: &mut State) -> Poll<()> {
        let Some(in_flight) = &state.output.sending else { return Poll::Ready(()) };
        let result = match &state.handle {
            Some(handle) if in_flight.is_head => ready!(handle.poll_send_response(cx, &mut None)),
            Some(handle) => ready!(handle.poll_send_entity_body(cx, &mut None)),
            None => Err(Win32Error::INVALID_PARAMETER),
        };
        if self.end_send(cx, state, result) { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Sends what is held; `is_last` ends the response.
    pub(super) fn begin_send(
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
    pub(super) fn send_first(
        &self,
        cx: &mut Context<'_>,
        state: &mut State,
        mut response: SendResponse,
        is_last: bool,
    ) {
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

    pub(super) fn buffering(&self) -> SendFlags {
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
    pub(super) fn whole(&self, state: &mut State, head: ResponseHead) -> SendResponse {
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
