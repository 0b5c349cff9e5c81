//! The worker as the host of one request: operations wait here until the worker polls.

use std::{
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

use falconry_features::BoxError;
use falconry_in_process::{Host, OperationError, ReadOperation, ReadResult, RequestEnd, WriteOperation};

use super::entry::Log;

/// The operations of one request.
pub(super) struct Operations {
    state: Mutex<State>,
    log: Log,
}

#[derive(Default)]
struct State {
    read: Option<ReadOperation>,
    write: Option<WriteOperation>,
    end: Option<RequestEnd>,
    /// The read is being served, and is given up meanwhile.
    serving: Option<Option<fn() -> OperationError>>,
    /// Somebody polls: nobody is to be woken.
    is_polled: bool,
    /// There is something that the last poll has not seen.
    has_news: bool,
    /// Whoever polled last.
    waker: Option<Waker>,
}

impl Operations {
    pub(super) fn new(log: Log) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), log })
    }

    /// Takes the read that waits, to serve it; [`put_read`](Self::put_read) or
    /// [`complete_read`](Self::complete_read) follows.
    pub(super) fn take_read(&self) -> Option<ReadOperation> {
        let mut state = self.lock();
        let read = state.read.take();
        state.serving = read.is_some().then_some(None);
        read
    }

    /// Puts back what is not done yet, unless it has been given up meanwhile.
    pub(super) fn put_read(&self, operation: ReadOperation) {
        let given_up = {
            let mut state = self.lock();
            match state.serving.take().flatten() {
                None => {
                    state.read = Some(operation);
                    return;
                }
                Some(error) => error,
            }
        };
        operation.complete(Err(given_up()));
    }

    pub(super) fn complete_read(&self, operation: ReadOperation, result: Result<ReadResult, OperationError>) {
        self.lock().serving = None;
        operation.complete(result);
    }

    /// Looks at the write that waits.
    pub(super) fn with_write<T>(&self, look: impl FnOnce(&WriteOperation) -> T) -> Option<T> {
        self.lock().write.as_ref().map(look)
    }

    /// Completes the write that waits.
    pub(super) fn complete_write(&self, result: Result<(), OperationError>) {
        let write = self.lock().write.take();
        if let Some(write) = write {
            write.complete(result);
        }
    }

    pub(super) fn end(&self) -> Option<RequestEnd> {
        self.lock().end
    }

    /// Forgets the news: who polls is about to look.
    pub(super) fn look(&self) {
        let mut state = self.lock();
        state.has_news = false;
        state.is_polled = true;
    }

    /// Waits for news; false if there are some.
    pub(super) fn wait(&self, cx: &Context<'_>) -> bool {
        let mut state = self.lock();
        if state.has_news {
            return false;
        }
        state.is_polled = false;
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            waker => *waker = Some(cx.waker().clone()),
        }
        true
    }

    /// Gives up what waits.
    pub(super) fn give_up(&self, error: fn() -> OperationError) {
        let (read, write) = {
            let mut state = self.lock();
            if let Some(given_up) = &mut state.serving {
                *given_up = Some(error);
            }
            (state.read.take(), state.write.take())
        };
        if let Some(read) = read {
            read.complete(Err(error()));
        }
        if let Some(write) = write {
            write.complete(Err(error()));
        }
    }

    fn tell(&self, change: impl FnOnce(&mut State)) {
        let waker = {
            let mut state = self.lock();
            change(&mut state);
            state.has_news = true;
            if state.is_polled { None } else { state.waker.take() }
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The host that the core calls.
pub(super) struct PolledHost(pub(super) Arc<Operations>);

impl Host for PolledHost {
    fn begin_read(&self, operation: ReadOperation) {
        self.0.tell(|state| state.read = Some(operation));
    }

    fn begin_write(&self, operation: WriteOperation) {
        self.0.tell(|state| state.write = Some(operation));
    }

    fn cancel(&self) {
        self.0.give_up(|| OperationError::Cancelled);
    }

    fn finish(&self, end: RequestEnd) {
        self.0.tell(|state| state.end = Some(end));
    }

    fn report(&self, error: &BoxError) {
        self.0.log.error(&chain(&**error));
    }
}

/// The error and what caused it, in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    // A line break would forge a line of the log.
    text.replace(['\r', '\n'], " ")
}
