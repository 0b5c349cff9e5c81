//! The request's body on its way to the backend.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
};

use bytes::Bytes;
use falconry_features::{BoxError, RequestBody};
use http_body::{Body, Frame, SizeHint};

use super::{
    fields::Nominated,
    trailers::{self, TrailerSlot},
};

/// How many bytes at the beginning of a body are kept for a second try.
const REPLAY_LIMIT: usize = 64 * 1024;

/// The body as hyper reads it. What it has read and how it ended is told by its [`BodyWatch`].
pub(super) struct ForwardBody {
    watch: Option<BodyWatch>,
    /// Where the trailers go; `None` if the framing has no place for them.
    slot: Option<Arc<TrailerSlot>>,
    is_at_end: bool,
}

/// The side of a body that stays with the request.
#[derive(Clone)]
pub(super) struct BodyWatch(Arc<Mutex<State>>);

/// What a body is held to, and how it is sent.
pub(super) struct BodyRules {
    /// Its length in bytes, if it was declared.
    pub(super) length: Option<u64>,
    pub(super) is_chunked: bool,
    /// No more bytes than that are taken.
    pub(super) limit: Option<u64>,
    /// It waits until the backend has asked for it (`Expect: 100-continue`).
    pub(super) is_held: bool,
    /// Trailers that end at the module.
    pub(super) nominated: Nominated,
}

struct State {
    body: RequestBody,
    rules: BodyRules,
    read: u64,
    /// What has been read before anything of the request was known to be written.
    replay: Option<Vec<Bytes>>,
    /// From where in `replay` the present try reads.
    replayed: usize,
    /// The lines of the trailer section, once it has come.
    trailers: Option<Bytes>,
    has_begun: bool,
    is_at_end: bool,
    waits_for_client: bool,
    failure: Option<BodyFailure>,
    waker: Option<Waker>,
}

/// Why a body cannot be forwarded.
#[derive(Debug)]
pub(super) enum BodyFailure {
    /// Over the module's own limit, in bytes.
    TooLarge(u64),
    /// Not of the declared length.
    Length,
    /// Reading it from the client failed.
    Client(BoxError),
}

impl ForwardBody {
    pub(super) fn none() -> Self {
        Self { watch: None, slot: None, is_at_end: true }
    }
}

impl BodyWatch {
    pub(super) fn new(body: RequestBody, rules: BodyRules) -> Self {
        Self(Arc::new(Mutex::new(State {
            body,
            rules,
            read: 0,
            replay: Some(Vec::new()),
            replayed: 0,
            trailers: None,
            has_begun: false,
            is_at_end: false,
            waits_for_client: false,
            failure: None,
            waker: None,
        })))
    }

    /// The body for a try over the connection with this slot.
    pub(super) fn start(&self, slot: &Arc<TrailerSlot>) -> ForwardBody {
        let mut state = self.lock();
        state.replayed = 0;
        let is_at_end = state.remaining() == Some(0);
        let slot = state.rules.is_chunked.then(|| {
            slot.open();
            Arc::clone(slot)
        });
        ForwardBody { watch: Some(self.clone()), slot, is_at_end }
    }

    /// Lets the body go: the backend asked for it, or has had time enough to.
    pub(super) fn release(&self) {
        let mut state = self.lock();
        state.rules.is_held = false;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    pub(super) fn is_held(&self) -> bool {
        self.lock().rules.is_held
    }

    /// What has been read need not be kept: some of the request has been written.
    pub(super) fn forget_replay(&self) {
        let mut state = self.lock();
        if state.replayed == state.replay.as_ref().map_or(0, Vec::len) {
            state.replay = None;
        }
    }

    /// True if all that was read is still here.
    pub(super) fn is_repeatable(&self) -> bool {
        let state = self.lock();
        state.failure.is_none() && state.replay.is_some()
    }

    /// True if none of it has been read from the client.
    pub(super) fn is_untouched(&self) -> bool {
        !self.lock().has_begun
    }

    /// True if the request goes on only when the client sends more.
    pub(super) fn waits_for_client(&self) -> bool {
        self.lock().waits_for_client
    }

    pub(super) fn take_failure(&self) -> Option<BodyFailure> {
        self.lock().failure.take()
    }

    /// Reads the end behind the last byte, for the server to know that all of the body has been read.
    pub(super) fn settle(&self) {
        let mut state = self.lock();
        if state.has_begun && !state.is_at_end && state.rules.length == Some(state.read) {
            let mut cx = Context::from_waker(Waker::noop());
            state.is_at_end = matches!(Pin::new(&mut state.body).poll_frame(&mut cx), Poll::Ready(None));
        }
    }

    /// Takes back what of the body has not been read.
    pub(super) fn take_rest(&self) -> RequestBody {
        std::mem::take(&mut self.lock().body)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyFailure>>> {
        if self.rules.is_held {
            self.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if let Some(data) = self.replay.as_ref().and_then(|replay| replay.get(self.replayed)) {
            self.replayed += 1;
            return Poll::Ready(Some(Ok(Frame::data(data.clone()))));
        }
        if self.is_at_end {
            return Poll::Ready(None);
        }
        self.has_begun = true;
        self.waits_for_client = true;
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.waits_for_client = false;
        Poll::Ready(match frame {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => Some(self.count(&data).map(|()| Frame::data(data))),
                Err(frame) => {
                    if let Ok(mut fields) = frame.into_trailers() {
                        trailers::retain_forwardable(&mut fields, &self.rules.nominated);
                        self.trailers = (!fields.is_empty()).then(|| trailers::lines(&fields));
                    }
                    self.end()
                }
            },
            Some(Err(error)) => Some(Err(BodyFailure::Client(error))),
            None => self.end(),
        })
    }

    fn end(&mut self) -> Option<Result<Frame<Bytes>, BodyFailure>> {
        self.is_at_end = true;
        match self.rules.length {
            Some(length) if length != self.read => Some(Err(BodyFailure::Length)),
            _ => None,
        }
    }

    fn count(&mut self, data: &Bytes) -> Result<(), BodyFailure> {
        self.read += data.len() as u64;
        if let Some(limit) = self.rules.limit.filter(|limit| self.read > *limit) {
            return Err(BodyFailure::TooLarge(limit));
        }
        if self.rules.length.is_some_and(|length| self.read > length) {
            return Err(BodyFailure::Length);
        }
        if self.read > REPLAY_LIMIT as u64 {
            self.replay = None;
        } else if let Some(replay) = &mut self.replay {
            replay.push(data.clone());
            self.replayed = replay.len();
        }
        Ok(())
    }

    /// How many bytes this try is still to send; `None` if the framing tells the end otherwise.
    fn remaining(&self) -> Option<u64> {
        if self.rules.is_chunked {
            return None;
        }
        let replayable = self.replay.iter().flatten().skip(self.replayed).map(|data| data.len() as u64);
        Some(self.rules.length?.saturating_sub(self.read) + replayable.sum::<u64>())
    }
}

impl Body for ForwardBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(watch) = &self.watch else { return Poll::Ready(None) };
        let mut state = watch.lock();
        let polled = state.poll_frame(cx);
        let frame = match polled {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Ok(frame))) => Some(Ok(frame)),
            Poll::Ready(Some(Err(failure))) => {
                // The request knows why; hyper only has to stop.
                state.failure = Some(failure);
                Some(Err("the request's body cannot be forwarded".into()))
            }
            Poll::Ready(None) => {
                // hyper ends the body, and the layer below it puts them there.
                if let (Some(slot), Some(lines)) = (&self.slot, &state.trailers) {
                    slot.fill(lines.clone());
                }
                None
            }
        };
        // hyper does not ask again once it has as much as was declared.
        let is_at_end = frame.is_none() || state.remaining() == Some(0);
        drop(state);
        self.is_at_end |= is_at_end;
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.is_at_end
    }

    fn size_hint(&self) -> SizeHint {
        match &self.watch {
            None => SizeHint::with_exact(0),
            Some(watch) => watch.lock().remaining().map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

impl fmt::Debug for BodyWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("BodyWatch")
            .field("length", &state.rules.length)
            .field("read", &state.read)
            .finish_non_exhaustive()
    }
}
