//! The prefixes of processes that have died.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use falconry_features::Deadline;

use crate::{
    UrlPrefix,
    driver::{ServerSession, UrlGroup, UrlGroupProperty},
};

/// How many dead sessions are kept; then the first one goes before its time.
const MOST_ORPHANS: usize = 1024;

/// What dead processes have left.
#[derive(Debug)]
pub(super) struct Orphans {
    all: Arc<Mutex<VecDeque<Arc<Orphan>>>>,
    time: Duration,
}

/// The groups of one session of a process that has died.
#[derive(Debug)]
pub(super) struct Orphan {
    pub(super) user: u32,
    pub(super) session: Arc<dyn ServerSession>,
    pub(super) groups: Vec<Arc<dyn UrlGroup>>,
}

impl Orphans {
    /// Keeps orphans for `time`.
    pub(super) fn new(time: Duration) -> Self {
        Self { all: Arc::default(), time }
    }

    /// Keeps the prefixes of a process for a while: their requests are answered by 503.
    pub(super) async fn keep(&self, orphan: Orphan) {
        let orphan = Arc::new(orphan);
        for group in &orphan.groups {
            // Its queue has gone with the process.
            let _ = group.set_property(UrlGroupProperty::Binding(None)).await;
        }
        let first = {
            let mut all = lock(&self.all);
            all.push_back(Arc::clone(&orphan));
            if all.len() > MOST_ORPHANS { all.pop_front() } else { None }
        };
        if let Some(first) = first {
            first.close().await;
        }
        let (all, time) = (Arc::clone(&self.all), self.time);
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            lock(&all).retain(|other| !Arc::ptr_eq(other, &orphan));
            orphan.close().await;
        });
    }

    /// Makes way for somebody of the same user who registers a prefix again.
    pub(super) async fn make_way(&self, user: u32, prefix: &UrlPrefix) {
        let all: Vec<_> = lock(&self.all).iter().filter(|orphan| orphan.user == user).cloned().collect();
        for group in all.iter().flat_map(|orphan| &orphan.groups) {
            // Most have not registered it.
            let _ = group.remove_url(prefix.as_str()).await;
        }
    }
}

impl Orphan {
    async fn close(&self) {
        if let Err(error) = self.session.close(Deadline::now()).await {
            tracing::debug!(%error, "the prefixes of a dead process could not be taken back");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
