//! The handle of a queue, which may be closed while others use it.

use std::sync::{Arc, PoisonError, RwLock};

use windows_sys::Win32::Foundation::HANDLE;

use super::{check, port::CompletionPort};
use crate::{bindings::HttpApi, driver::Win32Error};

/// The handle with what every operation on it needs.
#[derive(Debug)]
pub(super) struct QueueHandle {
    api: Arc<HttpApi>,
    port: Arc<CompletionPort>,
    /// None once it is closed: the system may give the number to something else.
    handle: RwLock<Option<Handle>>,
    skips_port_on_success: bool,
}

#[derive(Clone, Copy, Debug)]
struct Handle(HANDLE);

impl QueueHandle {
    /// Takes over a handle that is open.
    pub(super) fn new(
        api: &Arc<HttpApi>,
        port: &Arc<CompletionPort>,
        handle: HANDLE,
    ) -> Result<Self, Win32Error> {
        let mut queue = Self {
            api: Arc::clone(api),
            port: Arc::clone(port),
            handle: RwLock::new(Some(Handle(handle))),
            skips_port_on_success: false,
        };
        queue.skips_port_on_success = port.bind(handle)?;
        Ok(queue)
    }

    pub(super) fn api(&self) -> &HttpApi {
        &self.api
    }

    pub(super) fn port(&self) -> &Arc<CompletionPort> {
        &self.port
    }

    /// True if an operation that succeeds at once does not end at the port, too.
    pub(super) fn skips_port_on_success(&self) -> bool {
        self.skips_port_on_success
    }

    /// Does something with the handle, which stays open meanwhile.
    ///
    /// # Errors
    /// [`OPERATION_ABORTED`](Win32Error::OPERATION_ABORTED): it is closed.
    pub(super) fn with<R>(&self, work: impl FnOnce(HANDLE) -> R) -> Result<R, Win32Error> {
        let handle = self.handle.read().unwrap_or_else(PoisonError::into_inner);
        handle.map(|handle| work(handle.0)).ok_or(Win32Error::OPERATION_ABORTED)
    }

    /// Closes it; what is under way ends with an error. Not the first time: nothing.
    pub(super) fn close(&self) -> Result<(), Win32Error> {
        let handle = self.handle.write().unwrap_or_else(PoisonError::into_inner).take();
        match handle {
            // SAFETY: open, and from now on nobody has it.
            Some(handle) => check(unsafe { (self.api.close_request_queue)(handle.0) }),
            None => Ok(()),
        }
    }
}

// SAFETY: a handle may be used by every thread.
unsafe impl Send for Handle {}
// SAFETY: likewise.
unsafe impl Sync for Handle {}

impl Drop for QueueHandle {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::warn!(%error, "A request queue could not be closed");
        }
    }
}
