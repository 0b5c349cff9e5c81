//! What both directions of a stream share with the task that serves it.

use std::{
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use h3::error::Code;
use quinn::{RecvStream, SendStream};

use crate::http3::{inspect::RequestHead, web_transport::Arrived};

/// The state of the stream of one request.
#[derive(Default)]
pub(in crate::http3) struct StreamState {
    state: Mutex<State>,
    written: AtomicUsize,
}

#[derive(Default)]
struct State {
    head: Option<RequestHead>,
    failure: Option<Code>,
    /// The stream leaves for a session of WebTransport.
    diverted: Option<Diverted>,
    task: Option<Waker>,
}

/// A stream of WebTransport in the making: its other direction comes here when h3 lets go of it.
struct Diverted {
    session: u64,
    receive: RecvStream,
    rest: Bytes,
    send: Option<SendStream>,
}

impl StreamState {
    /// The stream belongs to a session of WebTransport; `rest` has been read of it.
    pub(super) fn divert(&self, session: u64, receive: RecvStream, rest: Bytes) {
        self.lock().diverted = Some(Diverted { session, receive, rest, send: None });
    }

    /// Keeps the other direction of a stream that leaves; gives it back if it does not.
    pub(super) fn keep(&self, send: SendStream) -> Option<SendStream> {
        match &mut self.lock().diverted {
            Some(diverted) => {
                diverted.send = Some(send);
                None
            }
            None => Some(send),
        }
    }

    /// The stream and the session that it has left for.
    pub(in crate::http3) fn take_diverted(&self) -> Option<(u64, Arrived)> {
        let Diverted { session, receive, rest, send } = self.lock().diverted.take()?;
        Some((session, Arrived { send: Some(send?), receive, rest }))
    }

    /// What the inspector has found out about the request.
    pub(in crate::http3) fn head(&self) -> RequestHead {
        self.lock().head.clone().unwrap_or_default()
    }

    pub(super) fn has_head(&self) -> bool {
        self.lock().head.is_some()
    }

    pub(super) fn set_head(&self, head: RequestHead) {
        self.lock().head = Some(head);
    }

    /// The stream must end with this code; the first one counts.
    pub(in crate::http3) fn fail(&self, code: Code) {
        let mut state = self.lock();
        state.failure.get_or_insert(code);
        let task = state.task.take();
        drop(state);
        if let Some(task) = task {
            task.wake();
        }
    }

    /// What the stream must end with.
    pub(in crate::http3) fn failure(&self) -> Option<Code> {
        self.lock().failure
    }

    /// Completes when the stream must end.
    pub(in crate::http3) fn poll_failure(&self, cx: &Context<'_>) -> Poll<Code> {
        let mut state = self.lock();
        match state.failure {
            Some(code) => Poll::Ready(code),
            None => {
                state.task = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// The client takes so many bytes more.
    pub(super) fn note_written(&self, count: usize) {
        self.written.fetch_add(count, Ordering::Relaxed);
    }

    /// How many bytes have been written since the last call.
    pub(in crate::http3) fn take_written(&self) -> usize {
        self.written.swap(0, Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for StreamState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamState").finish_non_exhaustive()
    }
}
