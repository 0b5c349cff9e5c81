//! The completion port: one for the driver, and a thread that waits at it.

use std::{ptr, sync::Arc, thread};

use windows_sys::Win32::{
    Foundation::{CloseHandle, HANDLE, INVALID_HANDLE_VALUE, RtlNtStatusToDosError},
    Storage::FileSystem::SetFileCompletionNotificationModes,
    System::IO::{
        CreateIoCompletionPort, GetQueuedCompletionStatusEx, OVERLAPPED_ENTRY, PostQueuedCompletionStatus,
    },
};

use super::{last_error, operation};
use crate::driver::Win32Error;

/// `FILE_SKIP_COMPLETION_PORT_ON_SUCCESS`, `FILE_SKIP_SET_EVENT_ON_HANDLE`.
const SKIP_COMPLETION_PORT_ON_SUCCESS: u8 = 1;
const SKIP_SET_EVENT_ON_HANDLE: u8 = 2;

/// How many completions are taken at a time.
const BATCH: usize = 64;

/// Where the kernel says what has ended. The thread ends when this is dropped; operations under way hold it.
#[derive(Debug)]
pub(super) struct CompletionPort {
    port: Arc<Port>,
}

#[derive(Debug)]
struct Port(HANDLE);

impl CompletionPort {
    pub(super) fn new() -> Result<Arc<Self>, Win32Error> {
        // SAFETY: makes a port that belongs to no file yet.
        let handle = unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, ptr::null_mut(), 0, 1) };
        if handle.is_null() {
            return Err(last_error());
        }
        let port = Arc::new(Port(handle));
        let waiting = Arc::clone(&port);
        thread::Builder::new().name("falconry-httpsys".to_owned()).spawn(move || waiting.deliver()).map_err(
            |error| Win32Error::from_code(error.raw_os_error().unwrap_or_default().unsigned_abs()),
        )?;
        Ok(Arc::new(Self { port }))
    }

    /// Lets the operations of a file end here. True if those that succeed at once do not.
    pub(super) fn bind(&self, file: HANDLE) -> Result<bool, Win32Error> {
        // SAFETY: both are open.
        if unsafe { CreateIoCompletionPort(file, self.port.0, 0, 0) }.is_null() {
            return Err(last_error());
        }
        let modes = SKIP_COMPLETION_PORT_ON_SUCCESS | SKIP_SET_EVENT_ON_HANDLE;
        // SAFETY: the file is open.
        Ok(unsafe { SetFileCompletionNotificationModes(file, modes) } != 0)
    }

    #[cfg(test)]
    pub(super) fn handle(&self) -> HANDLE {
        self.port.0
    }
}

impl Drop for CompletionPort {
    fn drop(&mut self) {
        // SAFETY: the port is open. Without an OVERLAPPED it is the sign to end.
        unsafe { PostQueuedCompletionStatus(self.port.0, 0, 0, ptr::null()) };
    }
}

impl Port {
    /// Until the sign to end.
    fn deliver(&self) {
        let mut entries = [OVERLAPPED_ENTRY::default(); BATCH];
        loop {
            let mut count = 0;
            // SAFETY: the port is open, and there is room for as many entries.
            let is_success = unsafe {
                GetQueuedCompletionStatusEx(
                    self.0,
                    entries.as_mut_ptr(),
                    BATCH as u32,
                    &mut count,
                    u32::MAX,
                    0,
                )
            };
            if is_success == 0 {
                tracing::error!(error = %last_error(), "The completion port failed");
                return;
            }
            let mut is_end = false;
            for entry in entries.iter().take(count as usize) {
                if entry.lpOverlapped.is_null() {
                    is_end = true;
                    continue;
                }
                // SAFETY: only operations end here, each once, and the kernel has written how.
                unsafe {
                    let status = (*entry.lpOverlapped).Internal as i32;
                    operation::complete(
                        entry.lpOverlapped,
                        RtlNtStatusToDosError(status),
                        entry.dwNumberOfBytesTransferred,
                    );
                }
            }
            if is_end {
                return;
            }
        }
    }
}

// SAFETY: a handle may be used by every thread.
unsafe impl Send for Port {}
// SAFETY: likewise.
unsafe impl Sync for Port {}

impl Drop for Port {
    fn drop(&mut self) {
        // SAFETY: open, and nobody else has it.
        unsafe { CloseHandle(self.0) };
    }
}
