//! The sessions of one connection, and the streams on their way to them.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use quinn::{RecvStream, SendStream};
use tokio_util::sync::CancellationToken;

use super::code;

/// How many streams may come ahead of their sessions.
const MAX_EARLY: usize = 16;

/// Brings streams to their sessions.
#[derive(Default)]
pub(in crate::http3) struct Sessions(Mutex<State>);

#[derive(Default)]
struct State {
    open: HashMap<u64, Session>,
    /// Streams whose session is not known, the oldest first.
    early: VecDeque<(u64, Arrived)>,
}

#[derive(Default)]
struct Session {
    /// QUIC bounds their number.
    arrived: VecDeque<Arrived>,
    task: Option<Waker>,
}

/// A stream that a client has opened for a session; `rest` has come behind its first bytes.
pub(in crate::http3) struct Arrived {
    pub(in crate::http3) send: Option<SendStream>,
    pub(in crate::http3) receive: RecvStream,
    pub(in crate::http3) rest: Bytes,
}

/// A session that is known until this is dropped; its streams end with it.
pub(super) struct Known {
    pub(super) id: u64,
    pub(super) ended: CancellationToken,
    sessions: Arc<Sessions>,
}

impl Sessions {
    /// A session begins with the request on the stream of this number.
    pub(super) fn begin(self: &Arc<Self>, id: u64) -> Known {
        let mut state = self.lock();
        let (arrived, early) =
            std::mem::take(&mut state.early).into_iter().partition(|(session, _)| *session == id);
        let arrived: VecDeque<_> = arrived;
        state.early = early;
        let arrived = arrived.into_iter().map(|(_, stream)| stream).collect();
        state.open.insert(id, Session { arrived, task: None });
        Known { id, ended: CancellationToken::new(), sessions: Arc::clone(self) }
    }

    /// A stream has named its session. One of a session that is not known waits for it.
    pub(in crate::http3) fn deliver(&self, id: u64, stream: Arrived) {
        let mut state = self.lock();
        let task = match state.open.get_mut(&id) {
            Some(session) => {
                session.arrived.push_back(stream);
                session.task.take()
            }
            None => {
                state.early.push_back((id, stream));
                if state.early.len() > MAX_EARLY
                    && let Some((_, oldest)) = state.early.pop_front()
                {
                    oldest.reject(code::BUFFERED_STREAM_REJECTED);
                }
                None
            }
        };
        drop(state);
        if let Some(task) = task {
            task.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The next stream that the client opens.
    pub(super) fn poll_arrived(&self, cx: &Context<'_>) -> Poll<Arrived> {
        let mut state = self.sessions.lock();
        let Some(session) = state.open.get_mut(&self.id) else { return Poll::Pending };
        match session.arrived.pop_front() {
            Some(stream) => Poll::Ready(stream),
            None => {
                session.task = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        self.ended.cancel();
        let session = self.sessions.lock().open.remove(&self.id);
        for stream in session.into_iter().flat_map(|session| session.arrived) {
            stream.reject(code::SESSION_GONE);
        }
    }
}

impl Arrived {
    fn reject(self, code: quinn::VarInt) {
        let Self { send, mut receive, .. } = self;
        // What has ended meanwhile needs no end.
        let _ = receive.stop(code);
        if let Some(mut send) = send {
            let _ = send.reset(code);
        }
    }
}
