//! `IHttpConnection`, its container of modules' contexts, and such a context.

use super::{Bool, HResult, Interface, Pointer, assert_slots, slot};

/// `IHttpConnection`.
#[repr(C)]
pub(crate) struct ConnectionVtable {
    pub(crate) is_connected: slot!(() -> Bool),
    _1: usize,
    pub(crate) module_context_container: slot!(() -> *mut Interface<ConnectionContextContainerVtable>),
}

assert_slots!(ConnectionVtable, 3, { 0 => is_connected, 2 => module_context_container });

/// `IHttpConnectionModuleContextContainer`.
#[repr(C)]
pub(crate) struct ConnectionContextContainerVtable {
    _0: [usize; 2],
    pub(crate) connection_module_context: slot!((Pointer) -> Pointer),
    pub(crate) set_connection_module_context: slot!((Pointer, Pointer) -> HResult),
}

assert_slots!(ConnectionContextContainerVtable, 4, {
    2 => connection_module_context,
    3 => set_connection_module_context,
});

/// `IHttpConnectionStoredContext`: ours.
#[repr(C)]
pub(crate) struct StoredContextVtable {
    pub(crate) cleanup_stored_context: slot!(()),
    pub(crate) notify_disconnect: slot!(()),
}

assert_slots!(StoredContextVtable, 2, { 0 => cleanup_stored_context, 1 => notify_disconnect });
