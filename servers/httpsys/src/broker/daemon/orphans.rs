//! The prefixes of processes that have died.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use falconry_features::Deadline;

use crate::{
    UrlPrefix,
    driver::{ServerSession, UrlGroup, UrlGroupProperty},
};

/// What dead processes have left.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    all: Mutex<Vec<Arc<Orphan>>>,
}

/// The groups of one process that has died.
#[derive(Debug)]
pub(super) struct Orphan {
    pub(super) user: u32,
    pub(super) session: Arc<dyn ServerSession>,
    pub(super) groups: Vec<Arc<dyn UrlGroup>>,
}

impl Orphans {
    /// Keeps the prefixes of a process for a while: their requests are answered by 503.
    pub(super) async fn keep(&self, orphan: Orphan, time: Duration) {
        let orphan = Arc::new(orphan);
        for group in &orphan.groups {
            // Its queue has gone with the process.
            let _ = group.set_property(UrlGroupProperty::Binding(None)).await;
        }
        self.lock().push(Arc::clone(&orphan));
        tokio::time::sleep(time).await;
        self.lock().retain(|other| !Arc::ptr_eq(other, &orphan));
        if let Err(error) = orphan.session.close(Deadline::now()).await {
            tracing::debug!(%error, "the prefixes of a dead process could not be taken back");
        }
    }

    /// Makes way for somebody of the same user who registers a prefix again.
    pub(super) async fn make_way(&self, user: u32, prefix: &UrlPrefix) {
        let all: Vec<_> = self.lock().iter().filter(|orphan| orphan.user == user).cloned().collect();
        for group in all.iter().flat_map(|orphan| &orphan.groups) {
            // Most have not registered it.
            let _ = group.remove_url(prefix.as_str()).await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Orphan>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
