//! What an application saw, told to the trial that watches it.

use std::{
    fmt,
    future::poll_fn,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    time::{Duration, Instant},
};

use crate::connect::TIMEOUT;

/// Entries in the order they were made. Clones share them.
pub(crate) struct Journal<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    entries: Mutex<Vec<T>>,
    changed: Condvar,
    wakers: Mutex<Vec<Waker>>,
}

impl<T> Journal<T> {
    pub(crate) fn new() -> Self {
        let shared = Shared { entries: Mutex::default(), changed: Condvar::new(), wakers: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    pub(crate) fn push(&self, entry: impl Into<T>) {
        self.lock().push(entry.into());
        self.shared.changed.notify_all();
        let wakers = std::mem::take(&mut *self.wakers());
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Completes once there are at least `count` entries: for applications that wait for their trial.
    pub(crate) async fn added(&self, count: usize) {
        poll_fn(|cx| {
            // Registered first: an entry that is added meanwhile wakes.
            self.wakers().push(cx.waker().clone());
            if self.lock().len() >= count { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn wakers(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.shared.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.shared.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone + fmt::Debug> Journal<T> {
    /// The entries so far.
    pub(crate) fn entries(&self) -> Vec<T> {
        self.lock().clone()
    }

    /// The entries, once there are at least `count`.
    #[track_caller]
    pub(crate) fn wait(&self, count: usize) -> Vec<T> {
        self.wait_until(&format!("{count} things to happen"), |entries| entries.len() >= count)
    }

    /// The first entry, once there is one.
    #[track_caller]
    pub(crate) fn first(&self) -> T {
        self.wait(1).swap_remove(0)
    }

    /// The entries, once `is_enough` is content with them.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, is_enough: impl Fn(&[T]) -> bool) -> Vec<T> {
        let until = Instant::now() + TIMEOUT;
        let mut entries = self.lock();
        loop {
            if is_enough(&entries) {
                return entries.clone();
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited for {what} in the application, saw only {entries:?}");
            entries =
                self.shared.changed.wait_timeout(entries, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The entries, once for `time` none has been added.
    pub(crate) fn wait_for_quiet(&self, time: Duration) -> Vec<T> {
        let mut entries = self.lock();
        loop {
            let count = entries.len();
            let (guard, timeout) =
                self.shared.changed.wait_timeout(entries, time).unwrap_or_else(PoisonError::into_inner);
            entries = guard;
            if timeout.timed_out() && entries.len() == count {
                return entries.clone();
            }
        }
    }
}

impl<T> Clone for Journal<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}
