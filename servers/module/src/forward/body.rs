//! The request's body on its way to the backend.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
};

use bytes::Bytes;
use falconry_features::{BoxError, RequestBody};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::trailers;

/// How many bytes at the beginning of a body are kept for a second try.
const REPLAY_LIMIT: usize = 64 * 1024;

/// The body as hyper reads it. What it has read and how it ended is told by its [`BodyWatch`].
pub(super) struct ForwardBody {
    watch: Option<BodyWatch>,
    is_at_end: bool,
}

/// The side of a body that stays with the request.
#[derive(Clone)]
pub(super) struct BodyWatch(Arc<Mutex<State>>);

struct State {
    body: RequestBody,
    length: Option<u64>,
    limit: Option<u64>,
    read: u64,
    /// What has been read before anything of the request was known to be written.
    replay: Option<Vec<Bytes>>,
    /// From where in `replay` the present try reads.
    replayed: usize,
    /// The backend has not yet asked for the body (`Expect: 100-continue`).
    is_held: bool,
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
        Self { watch: None, is_at_end: true }
    }
}

impl BodyWatch {
    /// A body of `length` bytes, or of unknown length, of which no more than `limit` bytes are taken.
    pub(super) fn new(body: RequestBody, length: Option<u64>, limit: Option<u64>, is_held: bool) -> Self {
        Self(Arc::new(Mutex::new(State {
            body,
            length,
            limit,
            read: 0,
            replay: Some(Vec::new()),
            replayed: 0,
            is_held,
            has_begun: false,
            is_at_end: false,
            waits_for_client: false,
            failure: None,
            waker: None,
        })))
    }

    /// The body for a try.
    pub(super) fn start(&self) -> ForwardBody {
        let mut state = self.lock();
        state.replayed = 0;
        let is_at_end = state.length == Some(0);
        ForwardBody { watch: Some(self.clone()), is_at_end }
    }

    /// Lets the body go: the backend asked for it, or has had time enough to.
    pub(super) fn release(&self) {
        let mut state = self.lock();
        state.is_held = false;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    pub(super) fn is_held(&self) -> bool {
        self.lock().is_held
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
        if state.has_begun && !state.is_at_end && state.length == Some(state.read) {
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
        if self.is_held {
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
            Some(Ok(frame)) => Some(self.pass(frame)),
            Some(Err(error)) => Some(Err(BodyFailure::Client(error))),
            None => {
                self.is_at_end = true;
                match self.length {
                    Some(length) if length != self.read => Some(Err(BodyFailure::Length)),
                    _ => None,
                }
            }
        })
    }

    fn pass(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, BodyFailure> {
        let frame = match frame.into_data() {
            Ok(data) => {
                self.count(&data)?;
                return Ok(Frame::data(data));
            }
            Err(frame) => frame,
        };
        match frame.into_trailers() {
            Ok(mut fields) => {
                self.replay = None;
                trailers::retain_forwardable(&mut fields);
                Ok(Frame::trailers(fields))
            }
            Err(_) => Ok(Frame::trailers(HeaderMap::new())),
        }
    }

    fn count(&mut self, data: &Bytes) -> Result<(), BodyFailure> {
        self.read += data.len() as u64;
        if let Some(limit) = self.limit.filter(|limit| self.read > *limit) {
            return Err(BodyFailure::TooLarge(limit));
        }
        if self.length.is_some_and(|length| self.read > length) {
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

    fn remaining(&self) -> Option<u64> {
        let replayable = self.replay.iter().flatten().skip(self.replayed).map(|data| data.len() as u64);
        Some(self.length?.saturating_sub(self.read) + replayable.sum::<u64>())
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
            Poll::Ready(None) => None,
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
            .field("length", &state.length)
            .field("read", &state.read)
            .finish_non_exhaustive()
    }
}
