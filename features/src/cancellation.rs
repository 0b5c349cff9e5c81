//! A signal that fires once: request aborted, connection closed, application stopping.

use std::{
    fmt,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

/// A signal that fires at most once and then stays fired. Clones share it.
///
/// It needs no runtime: it can be asked, awaited, or given a callback.
///
/// ```
/// use falconry_features::CancellationToken;
///
/// let token = CancellationToken::new();
/// let seen = token.clone();
/// assert!(!seen.is_cancelled());
/// token.cancel();
/// assert!(seen.is_cancelled());
/// ```
#[derive(Clone, Default)]
pub struct CancellationToken {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    fired: AtomicBool,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    next_id: u64,
    wakers: Vec<(u64, Waker)>,
    callbacks: Vec<Box<dyn FnOnce() + Send>>,
}

impl CancellationToken {
    /// A token that has not fired.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fires the token: wakes who awaits it and runs the callbacks, last registered first.
    pub fn cancel(&self) {
        if self.shared.fired.swap(true, Ordering::AcqRel) {
            return;
        }
        let waiting = std::mem::take(&mut *self.shared.lock());
        waiting.wakers.into_iter().for_each(|(_, waker)| waker.wake());
        waiting.callbacks.into_iter().rev().for_each(|callback| callback());
    }

    /// True once the token has fired.
    pub fn is_cancelled(&self) -> bool {
        self.shared.fired.load(Ordering::Acquire)
    }

    /// Completes when the token fires, at once if it already has.
    pub fn cancelled(&self) -> Cancelled {
        Cancelled { shared: Arc::clone(&self.shared), id: None }
    }

    /// Runs `future`, but no longer than until the token fires: `None` if that came first.
    ///
    /// ```
    /// use falconry_features::{CancellationToken, block_on};
    ///
    /// let token = CancellationToken::new();
    /// assert_eq!(block_on(token.run_until_cancelled(async { 1 })), Some(1));
    /// token.cancel();
    /// assert_eq!(block_on(token.run_until_cancelled(std::future::pending::<()>())), None);
    /// ```
    pub async fn run_until_cancelled<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        let mut cancelled = self.cancelled();
        poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            Pin::new(&mut cancelled).poll(cx).map(|()| None)
        })
        .await
    }

    /// Runs `callback` when the token fires, at once if it already has.
    pub fn on_cancelled(&self, callback: impl FnOnce() + Send + 'static) {
        let mut waiting = self.shared.lock();
        if self.is_cancelled() {
            drop(waiting);
            callback();
        } else {
            waiting.callbacks.push(Box::new(callback));
        }
    }

    /// True if nobody else holds this token, so that it may be handed to another request unseen.
    pub fn is_unshared(&self) -> bool {
        Arc::strong_count(&self.shared) == 1
    }
}

impl fmt::Debug for CancellationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancellationToken").field("is_cancelled", &self.is_cancelled()).finish()
    }
}

/// The future of [`CancellationToken::cancelled`].
#[must_use = "futures do nothing unless awaited"]
pub struct Cancelled {
    shared: Arc<Shared>,
    id: Option<u64>,
}

impl Future for Cancelled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut waiting = this.shared.lock();
        // Read under the lock: `cancel` sets the flag before it takes the list.
        if this.shared.fired.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        let known = this.id.and_then(|id| waiting.wakers.iter_mut().find(|(other, _)| *other == id));
        match known {
            Some((_, waker)) => waker.clone_from(cx.waker()),
            None => {
                let id = waiting.next_id;
                waiting.next_id += 1;
                waiting.wakers.push((id, cx.waker().clone()));
                this.id = Some(id);
            }
        }
        Poll::Pending
    }
}

impl Drop for Cancelled {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.shared.lock().wakers.retain(|(other, _)| *other != id);
        }
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancelled").finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
