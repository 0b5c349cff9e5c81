//! The requests under way, counted.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// How many requests are under way.
#[derive(Debug, Default)]
pub(crate) struct Outstanding {
    count: AtomicUsize,
    ended: Notify,
}

/// A request that is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay<'a>(&'a Outstanding);

impl Outstanding {
    /// Counts a request.
    pub(crate) fn begin(&self) -> UnderWay<'_> {
        self.enter();
        UnderWay(self)
    }

    /// Counts a request until [`leave`](Self::leave).
    pub(crate) fn enter(&self) {
        self.count.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn leave(&self) {
        if self.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.ended.notify_waiters();
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Completes when there are none.
    pub(super) async fn all_ended(&self) {
        loop {
            let ended = self.ended.notified();
            let mut ended = std::pin::pin!(ended);
            // From here on no end is missed.
            ended.as_mut().enable();
            if self.count() == 0 {
                return;
            }
            ended.await;
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}
