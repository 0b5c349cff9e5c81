//! Server sessions.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use falconry_features::Deadline;

use super::{check, url_group::NativeUrlGroup};
use crate::{
    bindings::{HttpApi, VERSION},
    driver::{DriverFuture, ServerSession, UrlGroup, Win32Error},
};

/// `HTTP_SERVER_SESSION_ID`.
#[derive(Debug)]
pub(super) struct NativeSession {
    api: Arc<HttpApi>,
    id: u64,
    is_closed: AtomicBool,
}

impl NativeSession {
    pub(super) fn new(api: Arc<HttpApi>) -> Result<Self, Win32Error> {
        let mut id = 0;
        // SAFETY: the number is written before the function returns.
        check(unsafe { (api.create_server_session)(VERSION, &mut id, 0) })?;
        Ok(Self { api, id, is_closed: AtomicBool::new(false) })
    }

    fn close_now(&self) -> Result<(), Win32Error> {
        if self.is_closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        // SAFETY: takes any number.
        check(unsafe { (self.api.close_server_session)(self.id) })
    }
}

impl ServerSession for NativeSession {
    fn create_url_group(&self) -> DriverFuture<'_, Arc<dyn UrlGroup>> {
        Box::pin(async {
            let group = NativeUrlGroup::new(Arc::clone(&self.api), self.id)?;
            Ok(Arc::new(group) as Arc<dyn UrlGroup>)
        })
    }

    // The system listens: it ends connections by itself.
    fn close(&self, _: Deadline) -> DriverFuture<'_, ()> {
        Box::pin(async { self.close_now() })
    }
}

impl Drop for NativeSession {
    fn drop(&mut self) {
        if let Err(error) = self.close_now() {
            tracing::warn!(%error, "A server session could not be closed");
        }
    }
}
