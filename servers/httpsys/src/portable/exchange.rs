//! A request between the task of its connection and whoever has received it.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use falconry_features::CancellationToken;

use super::{lock, queue::Queue};
use crate::driver::{DriverRequest, SendEntityBody, SendResponse, TlsInfo, Win32Error};

/// A request: the operations on it are put here, and the task of its connection does them.
pub(crate) struct PortableRequest {
    state: Mutex<State>,
    /// Fires when the client has gone.
    gone: Mutex<Option<CancellationToken>>,
    is_gone: AtomicBool,
    pub(super) tls: Option<Arc<TlsInfo>>,
    /// For a delegation: the request as it was received.
    pub(super) copy: Option<Box<DriverRequest>>,
}

/// Where a request is, and what is to be done with it.
#[derive(Default)]
pub(super) struct State {
    /// The task of the connection.
    task: Option<Waker>,
    /// The task is at it and looks at the operations before it goes to sleep.
    is_running: bool,
    pub(super) read: Read,
    pub(super) send: Send,
    /// Somebody wants to hear of the client's end.
    pub(super) wants_end: bool,
    pub(super) is_cancelled: bool,
    pub(super) stream_error: Option<u32>,
    pub(super) delegation: Option<Arc<Queue>>,
    /// The number of the handle of the queue that has received it.
    receiver: Option<u64>,
    /// Nobody will receive it.
    pub(super) is_refused: bool,
    /// Whoever has received it is done with it.
    is_let_go: bool,
    /// The connection's next request, which waits for that.
    next: Option<Waker>,
    /// Nothing can be done with it any more, for this reason.
    pub(super) ended: Option<Win32Error>,
}

/// Reading the body.
#[derive(Default)]
pub(super) struct Read {
    /// How much is wanted.
    pub(super) wanted: Option<usize>,
    /// The connection's task has not seen that.
    pub(super) is_new: bool,
    done: Option<Result<Bytes, Win32Error>>,
    waiting: Option<Waker>,
}

/// Sending the response.
#[derive(Default)]
pub(super) struct Send {
    pub(super) operation: Option<SendOperation>,
    is_under_way: bool,
    done: Option<Result<(), Win32Error>>,
    waiting: Option<Waker>,
}

pub(super) enum SendOperation {
    Response(Box<SendResponse>),
    EntityBody(SendEntityBody),
}

impl PortableRequest {
    pub(super) fn new(tls: Option<Arc<TlsInfo>>, copy: Option<Box<DriverRequest>>) -> Self {
        Self { state: Mutex::default(), gone: Mutex::default(), is_gone: AtomicBool::new(false), tls, copy }
    }

    /// The same in the storage of one that is over.
    pub(super) fn again(
        spare: Option<Arc<Self>>,
        tls: Option<Arc<TlsInfo>>,
        copy: Option<Box<DriverRequest>>,
    ) -> Arc<Self> {
        match spare {
            Some(mut request) => {
                if let Some(request) = Arc::get_mut(&mut request) {
                    (request.tls, request.copy) = (tls, copy);
                }
                request
            }
            None => Arc::new(Self::new(tls, copy)),
        }
    }

    /// The storage of a request that is over, for the next one; `None` if somebody has kept something of it.
    pub(super) fn cleared(mut self: Arc<Self>) -> Option<Arc<Self>> {
        *Arc::get_mut(&mut self)? = Self::new(None, None);
        Some(self)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// The task of the connection begins to look after the request, until [`sleep`](Self::sleep).
    pub(super) fn run(&self, cx: &Context<'_>) {
        let mut state = self.lock();
        state.is_running = true;
        if !state.task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            state.task = Some(cx.waker().clone());
        }
    }

    /// Ends [`run`](Self::run), unless there is something to do.
    pub(super) fn sleep(&self) -> bool {
        let mut state = self.lock();
        state.is_running = state.has_work();
        !state.is_running
    }

    /// Changes the state and lets the connection's task see it.
    pub(super) fn ask(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        let task = if state.is_running { None } else { state.task.clone() };
        drop(state);
        if let Some(task) = task {
            task.wake();
        }
    }

    /// Somebody has taken it from its queue.
    pub(super) fn received_by(&self, number: u64) {
        self.lock().receiver = Some(number);
    }

    pub(super) fn is_received(&self) -> bool {
        self.lock().receiver.is_some()
    }

    /// Nobody will take it: it is answered by 503.
    pub(super) fn refuse(&self) {
        self.ask(|state| state.is_refused = true);
    }

    /// Whoever has received it is done with it: the connection may go on to its next request.
    pub(super) fn let_go(&self) {
        let mut state = self.lock();
        state.is_let_go = true;
        let next = state.next.take();
        drop(state);
        if let Some(next) = next {
            next.wake();
        }
    }

    /// Completes with [`let_go`](Self::let_go).
    pub(super) fn poll_let_go(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.is_let_go {
            return Poll::Ready(());
        }
        state.next = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Nothing can be done with it any more: what is under way fails, and the same for all that comes.
    pub(super) fn end(&self, error: Win32Error) {
        let mut state = self.lock();
        if state.ended.is_some() {
            return;
        }
        state.ended = Some(error);
        let wakers = [state.read.waiting.take(), state.send.waiting.take()];
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// The client has gone, or the connection was given up: who waits for that hears of it.
    pub(super) fn disconnect(&self) {
        self.is_gone.store(true, Ordering::Release);
        let token = lock(&self.gone).clone();
        if let Some(token) = token {
            token.cancel();
        }
    }

    /// The token that [`disconnect`](Self::disconnect) fires.
    pub(super) fn gone(&self) -> CancellationToken {
        let token = lock(&self.gone).get_or_insert_default().clone();
        if self.is_gone.load(Ordering::Acquire) {
            token.cancel();
        }
        token
    }
}

impl State {
    fn has_work(&self) -> bool {
        self.read.is_new
            || self.send.operation.is_some()
            || self.wants_end
            || self.is_cancelled
            || self.delegation.is_some()
            || self.is_refused
    }

    /// Asks for a piece of the body, or gives the one that has come.
    pub(super) fn poll_read(&mut self, cx: &Context<'_>, limit: usize) -> Poll<Result<Bytes, Win32Error>> {
        if let Some(done) = self.read.done.take() {
            return Poll::Ready(done);
        }
        if let Some(error) = self.ended {
            return Poll::Ready(Err(error));
        }
        if self.read.wanted.is_none() {
            self.read.wanted = Some(limit.max(1));
            self.read.is_new = true;
        }
        self.read.waiting = self.waiter(cx);
        Poll::Pending
    }

    /// Hands an operation over, or tells of its end.
    pub(super) fn poll_send(
        &mut self,
        cx: &Context<'_>,
        operation: Option<SendOperation>,
    ) -> Poll<Result<(), Win32Error>> {
        if let Some(operation) = operation {
            if let Some(error) = self.ended {
                return Poll::Ready(Err(error));
            }
            if self.send.is_under_way {
                return Poll::Ready(Err(Win32Error::INVALID_PARAMETER));
            }
            self.send.operation = Some(operation);
            self.send.is_under_way = true;
        } else if let Some(done) = self.send.done.take() {
            self.send.is_under_way = false;
            return Poll::Ready(done);
        } else if let Some(error) = self.ended {
            self.send.is_under_way = false;
            return Poll::Ready(Err(error));
        } else if !self.send.is_under_way {
            return Poll::Ready(Err(Win32Error::INVALID_PARAMETER));
        }
        self.send.waiting = self.waiter(cx);
        Poll::Pending
    }

    /// A piece of the body, or the end of it.
    pub(super) fn complete_read(&mut self, result: Result<Bytes, Win32Error>) -> Option<Waker> {
        self.read.wanted = None;
        self.read.done = Some(result);
        self.read.waiting.take()
    }

    /// The operation has ended; after the last one there is nothing more to be done with the request.
    pub(super) fn complete_send(&mut self, result: Result<(), Win32Error>, is_last: bool) -> Option<Waker> {
        self.send.done = Some(result);
        if is_last {
            self.ended.get_or_insert(Win32Error::INVALID_PARAMETER);
        }
        self.send.waiting.take()
    }

    /// The waker to keep for whoever waits; none if that is the connection's own task, which looks again by itself.
    fn waiter(&self, cx: &Context<'_>) -> Option<Waker> {
        let is_task = self.task.as_ref().is_some_and(|task| task.will_wake(cx.waker()));
        (!is_task || !self.is_running).then(|| cx.waker().clone())
    }

    /// The connection's task, to be woken unless it is at it.
    pub(super) fn task_to_wake(&self) -> Option<Waker> {
        if self.is_running { None } else { self.task.clone() }
    }
}

impl fmt::Debug for PortableRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortableRequest").finish_non_exhaustive()
    }
}
