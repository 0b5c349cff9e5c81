//! The request's body on its way from the connection, which reads it, to the application.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// The connection's side.
#[derive(Debug)]
pub(super) struct BodySender(Arc<Channel>);

/// The application's side.
#[derive(Debug)]
pub(super) struct Http1Body(Arc<Channel>);

/// Room for one piece. Nearly always both sides are in the same task; the application may read elsewhere.
#[derive(Debug)]
struct Channel {
    state: Mutex<State>,
    /// The application waits for a piece.
    is_wanted: AtomicBool,
}

#[derive(Debug)]
struct State {
    data: Option<Bytes>,
    trailers: Option<HeaderMap>,
    end: Option<End>,
    /// What is left of a declared length.
    left: Option<u64>,
    is_dropped: bool,
    reader: Option<Waker>,
    connection: Waker,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Complete,
    Failed,
}

/// Both sides of a body with this declared length; the task in `cx` is the connection's.
pub(super) fn channel(cx: &Context<'_>, length: Option<u64>) -> (BodySender, Http1Body) {
    let state = State {
        data: None,
        trailers: None,
        end: None,
        left: length,
        is_dropped: false,
        reader: None,
        connection: cx.waker().clone(),
    };
    let channel = Arc::new(Channel { state: Mutex::new(state), is_wanted: AtomicBool::new(false) });
    (BodySender(Arc::clone(&channel)), Http1Body(channel))
}

impl BodySender {
    /// True if the application waits for a piece.
    pub(super) fn is_wanted(&self) -> bool {
        self.0.is_wanted.load(Ordering::Acquire)
    }

    /// True if nobody reads any more.
    pub(super) fn is_dropped(&self) -> bool {
        self.0.lock().is_dropped
    }

    /// Hands a piece over; only when one is wanted, or as the first.
    pub(super) fn send(&self, data: Bytes) {
        let mut state = self.0.lock();
        state.data = Some(data);
        self.0.wake_reader(&mut state);
    }

    /// Nothing comes any more.
    pub(super) fn finish(&self, trailers: Option<HeaderMap>) {
        let mut state = self.0.lock();
        state.trailers = trailers;
        state.end = Some(End::Complete);
        self.0.wake_reader(&mut state);
    }

    /// The task in `cx` is the connection's now.
    pub(super) fn register(&self, cx: &Context<'_>) {
        self.0.lock().connection.clone_from(cx.waker());
    }
}

impl Drop for BodySender {
    /// A body that has no end by now has failed.
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if state.end.is_none() {
            state.end = Some(End::Failed);
            self.0.wake_reader(&mut state);
        }
    }
}

impl Channel {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_reader(&self, state: &mut State) {
        self.is_wanted.store(false, Ordering::Release);
        // In the connection's own task the application is polled again without it.
        if let Some(reader) = state.reader.take().filter(|reader| !reader.will_wake(&state.connection)) {
            reader.wake();
        }
    }
}

impl Body for Http1Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let mut state = self.0.lock();
        if let Some(data) = state.data.take() {
            if let Some(left) = &mut state.left {
                *left -= (data.len() as u64).min(*left);
            }
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match state.end {
            Some(End::Complete) => {
                Poll::Ready(state.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
            }
            Some(End::Failed) => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
            None => {
                let is_own = cx.waker().will_wake(&state.connection);
                state.reader = Some(cx.waker().clone());
                self.0.is_wanted.store(true, Ordering::Release);
                if !is_own {
                    state.connection.wake_by_ref();
                }
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let state = self.0.lock();
        let is_complete = state.end == Some(End::Complete) || state.left == Some(0);
        is_complete && state.data.is_none() && state.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Drop for Http1Body {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_dropped = true;
        self.0.is_wanted.store(false, Ordering::Release);
        if state.end.is_none() {
            // The connection may wait for the rest to be read.
            state.connection.wake_by_ref();
        }
    }
}
