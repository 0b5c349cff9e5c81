//! What the server and the application tell a connection's task.

use std::{
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, Waker},
};

use falconry_features::CancellationToken;

const RUNNING: u8 = 0;
const STOPPING: u8 = 1;
const ABORTED: u8 = 2;

/// Tells one connection to stop when it can, or to end at once. Only the connection's task waits.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    level: AtomicU8,
    task: Mutex<Option<Waker>>,
    /// Made when an application first asks for it.
    stop_token: OnceLock<CancellationToken>,
}

impl Signal {
    /// The connection shall end after what is under way.
    pub(crate) fn stop(&self) {
        self.raise(STOPPING);
    }

    /// The connection shall end at once, without an orderly end.
    pub(crate) fn abort(&self) {
        self.raise(ABORTED);
    }

    /// Fires with the first signal.
    pub(crate) fn stop_token(&self) -> CancellationToken {
        let token = self.stop_token.get_or_init(CancellationToken::new).clone();
        if self.is_stopping() {
            token.cancel();
        }
        token
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.level.load(Ordering::Acquire) >= STOPPING
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.level.load(Ordering::Acquire) >= ABORTED
    }

    /// The task that is polled in `cx` hears of the next signal.
    pub(crate) fn register(&self, cx: &Context<'_>) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *task {
            Some(waker) => waker.clone_from(cx.waker()),
            None => *task = Some(cx.waker().clone()),
        }
    }

    /// Completes when the connection shall end at once.
    pub(crate) async fn aborted(&self) {
        self.reached(ABORTED).await;
    }

    /// Completes when the connection shall stop or end.
    pub(crate) async fn stopping(&self) {
        self.reached(STOPPING).await;
    }

    async fn reached(&self, level: u8) {
        std::future::poll_fn(|cx| {
            self.register(cx);
            if self.level.load(Ordering::Acquire) >= level { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// The connection's task looks at what there is for it to do.
    pub(crate) fn wake(&self) {
        // It stays: another signal may follow before the task is here again.
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(task) = task {
            task.wake();
        }
    }

    fn raise(&self, level: u8) {
        if self.level.fetch_max(level, Ordering::AcqRel) < level {
            self.wake();
            if let Some(token) = self.stop_token.get() {
                token.cancel();
            }
        }
    }
}

const _: () = assert!(RUNNING < STOPPING && STOPPING < ABORTED);
