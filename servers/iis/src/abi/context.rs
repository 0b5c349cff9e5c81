//! `IHttpContext`, `IHttpContext3`, `IHttpCompletionInfo`.

use std::ffi::c_char;

use super::{
    Bool, ConnectionVtable, HResult, Interface, Pointer, RequestVtable, ResponseVtable, assert_slots, slot,
};

/// `IHttpContext`.
#[repr(C)]
pub(crate) struct ContextVtable {
    _0: [usize; 2],
    pub(crate) connection: slot!(() -> *mut Interface<ConnectionVtable>),
    pub(crate) request: slot!(() -> *mut Interface<RequestVtable>),
    pub(crate) response: slot!(() -> *mut Interface<ResponseVtable>),
    _5: [usize; 4],
    pub(crate) post_completion: slot!((u32) -> HResult),
    _10: [usize; 5],
    /// The overload for `PCSTR`.
    pub(crate) server_variable: slot!((*const c_char, *mut *const c_char, *mut u32) -> HResult),
    _16: usize,
    pub(crate) set_server_variable: slot!((*const c_char, *const u16) -> HResult),
    _18: [usize; 18],
    pub(crate) cancel_io: slot!(() -> HResult),
    _37: usize,
    pub(crate) extended_interface: slot!((i32, *mut Pointer) -> HResult),
}

assert_slots!(ContextVtable, 39, {
    2 => connection,
    3 => request,
    4 => response,
    9 => post_completion,
    15 => server_variable,
    17 => set_server_variable,
    36 => cancel_io,
    38 => extended_interface,
});

/// `IHttpContext3`, the `HTTP_CONTEXT_INTERFACE_VERSION` 3.
#[repr(C)]
pub(crate) struct Context3Vtable {
    pub(crate) base: ContextVtable,
    _39: [usize; 2],
    pub(crate) enable_full_duplex: slot!(()),
    _42: [usize; 2],
}

assert_slots!(Context3Vtable, 44, { 41 => enable_full_duplex });

/// `IHttpCompletionInfo`.
#[repr(C)]
pub(crate) struct CompletionInfoVtable {
    pub(crate) bytes: slot!(() -> u32),
    pub(crate) status: slot!(() -> HResult),
}

assert_slots!(CompletionInfoVtable, 2, { 0 => bytes, 1 => status });

/// `PFN_ASYNC_COMPLETION`: what is called instead of `OnAsyncCompletion` for the operations of a full-duplex
/// request.
pub(crate) type AsyncCompletion =
    unsafe extern "system" fn(Pointer, *mut Interface<CompletionInfoVtable>, Pointer) -> i32;

/// The arguments that the native calls share: whether to complete later, and whether that will be.
pub(crate) const ASYNC: Bool = 1;
