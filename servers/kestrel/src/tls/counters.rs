//! How many handshakes there were.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Counts handshakes. Clones count together.
///
/// ```
/// # use falconry_kestrel::HttpsOptions;
/// let https = HttpsOptions::default();
/// let counters = https.counters().clone();
/// assert_eq!((counters.active(), counters.completed(), counters.failed()), (0, 0, 0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct HandshakeCounters(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    active: AtomicU64,
    completed: AtomicU64,
    failed: AtomicU64,
}

impl HandshakeCounters {
    /// Handshakes under way.
    pub fn active(&self) -> u64 {
        self.0.active.load(Ordering::Relaxed)
    }

    /// Handshakes that have succeeded.
    pub fn completed(&self) -> u64 {
        self.0.completed.load(Ordering::Relaxed)
    }

    /// Handshakes that have failed, have taken too long, or whose client has left.
    pub fn failed(&self) -> u64 {
        self.0.failed.load(Ordering::Relaxed)
    }

    pub(super) fn begin(&self) -> Counting<'_> {
        self.0.active.fetch_add(1, Ordering::Relaxed);
        Counting { counts: &self.0, is_completed: false }
    }
}

/// A handshake under way; it has failed unless it says otherwise.
pub(super) struct Counting<'a> {
    counts: &'a Counts,
    is_completed: bool,
}

impl Counting<'_> {
    pub(super) fn completed(mut self) {
        self.is_completed = true;
    }
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        self.counts.active.fetch_sub(1, Ordering::Relaxed);
        let ended = if self.is_completed { &self.counts.completed } else { &self.counts.failed };
        ended.fetch_add(1, Ordering::Relaxed);
    }
}
