//! How many streams of a connection are under way.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Notify;

/// The streams of one connection.
#[derive(Debug, Default)]
pub(super) struct Streams {
    count: AtomicUsize,
    changed: Notify,
}

/// A stream that is under way until this is dropped.
#[derive(Debug)]
pub(super) struct RunningStream(Arc<Streams>);

impl Streams {
    pub(super) fn begin(self: &Arc<Self>) -> RunningStream {
        self.count.fetch_add(1, Ordering::AcqRel);
        RunningStream(Arc::clone(self))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Completes when the last stream has ended, perhaps before this was called.
    pub(super) async fn emptied(&self) {
        self.changed.notified().await;
    }

    /// Completes when there is no stream.
    pub(super) async fn all_ended(&self) {
        while !self.is_empty() {
            self.emptied().await;
        }
    }
}

impl Drop for RunningStream {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.changed.notify_one();
        }
    }
}
