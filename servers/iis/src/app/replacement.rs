//! Another worker in this one's place.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::native::NativeServer;

/// The request for another worker in this one's place: made once, and not if this one ends anyway.
#[derive(Debug)]
pub(super) struct Replacement {
    server: NativeServer,
    is_settled: AtomicBool,
}

impl Replacement {
    pub(super) fn new(server: NativeServer) -> Self {
        Self { server, is_settled: AtomicBool::new(false) }
    }

    /// Asks IIS for another worker. It gets the requests from when it is ready; until then they come here.
    pub(super) fn ask(&self, reason: &str) {
        if !self.is_settled.swap(true, Ordering::AcqRel) {
            tracing::info!(reason, "asking IIS for another worker");
            self.server.recycle_process(reason);
        }
    }

    /// IIS ends this worker by itself.
    pub(super) fn settle(&self) {
        self.is_settled.store(true, Ordering::Release);
    }
}
