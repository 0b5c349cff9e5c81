//! The client's connection: IIS tells of its end.

use std::{
    ptr::NonNull,
    sync::{Mutex, PoisonError},
};

use falconry_in_process::RequestHandle;

use crate::{
    abi::{Pointer, S_OK, StoredContextVtable, call},
    module::guarded,
    native::Context,
};

/// What the module keeps with a connection (`IHttpConnectionStoredContext`): the requests that want to know
/// of its end.
#[repr(C)]
struct StoredContext {
    vtable: *const StoredContextVtable,
    requests: Mutex<Vec<(usize, RequestHandle)>>,
}

static VTABLE: StoredContextVtable = StoredContextVtable { cleanup_stored_context, notify_disconnect };

/// A request on the list of its connection; off it again when this is dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    stored: NonNull<StoredContext>,
    key: usize,
}

impl Watch {
    /// Has `handle` told when the client leaves. None while IIS warms the application up: there is no client.
    pub(crate) fn new(context: &Context, module_id: Pointer, handle: RequestHandle) -> Option<Self> {
        let connection = context.connection()?.as_ptr();
        // SAFETY: the connection is there as long as its request.
        let container = unsafe { call!(connection, module_context_container()) };
        // SAFETY: so is its container, which has nothing under our number but what was put there below.
        let stored =
            unsafe { call!(container, connection_module_context(module_id)) }.cast::<StoredContext>();
        let stored = match NonNull::new(stored) {
            Some(stored) => stored,
            None => {
                let new = Box::new(StoredContext { vtable: &raw const VTABLE, requests: Mutex::default() });
                let new = Box::into_raw(new);
                // SAFETY: IIS owns it from now on, until it calls `cleanup_stored_context`.
                let result =
                    unsafe { call!(container, set_connection_module_context(new.cast(), module_id)) };
                if result < S_OK {
                    // SAFETY: IIS has not taken it.
                    drop(unsafe { Box::from_raw(new) });
                    return None;
                }
                NonNull::new(new)?
            }
        };
        let key = context.key();
        let watch = Self { stored, key };
        watch.with_requests(|requests| requests.push((key, handle.clone())));
        // SAFETY: as above. The client may have left before we were on the list.
        if unsafe { call!(connection, is_connected()) } == 0 {
            handle.disconnected();
        }
        Some(watch)
    }

    fn with_requests(&self, change: impl FnOnce(&mut Vec<(usize, RequestHandle)>)) {
        // SAFETY: the connection outlives its requests, and what is stored with it does, too.
        let stored = unsafe { self.stored.as_ref() };
        change(&mut stored.requests.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.with_requests(|requests| requests.retain(|(key, _)| *key != self.key));
    }
}

unsafe extern "system" fn cleanup_stored_context(this: Pointer) {
    // SAFETY: IIS gives back what it was given, once.
    guarded((), || drop(unsafe { Box::from_raw(this.cast::<StoredContext>()) }));
}

unsafe extern "system" fn notify_disconnect(this: Pointer) {
    guarded((), || {
        // SAFETY: IIS calls with what it was given.
        let stored = unsafe { &*this.cast::<StoredContext>() };
        let requests = std::mem::take(&mut *stored.requests.lock().unwrap_or_else(PoisonError::into_inner));
        requests.iter().for_each(|(_, handle)| handle.disconnected());
    });
}

const _: () = assert!(std::mem::offset_of!(StoredContext, vtable) == 0);
