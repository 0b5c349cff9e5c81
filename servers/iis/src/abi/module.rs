//! What a module implements: `CHttpModule`, `CGlobalModule`, `IHttpModuleFactory`.

use super::{
    ApplicationProviderVtable, Bool, CompletionInfoVtable, ContextVtable, HResult, Interface, Pointer,
    assert_slots, slot,
};

/// A notification of `CHttpModule`: context and provider in, `REQUEST_NOTIFICATION_STATUS` out.
pub(crate) type RequestNotification =
    unsafe extern "system" fn(Pointer, *mut Interface<ContextVtable>, Pointer) -> i32;
/// A notification of `CGlobalModule`: provider in, `GLOBAL_NOTIFICATION_STATUS` out.
pub(crate) type GlobalNotification = unsafe extern "system" fn(Pointer, Pointer) -> i32;

/// `CHttpModule`.
#[repr(C)]
pub(crate) struct ModuleVtable {
    pub(crate) before: [RequestNotification; 14],
    pub(crate) execute_request_handler: RequestNotification,
    pub(crate) after: [RequestNotification; 13],
    pub(crate) async_completion: slot!(
        (*mut Interface<ContextVtable>, u32, Bool, Pointer, *mut Interface<CompletionInfoVtable>) -> i32
    ),
    pub(crate) dispose: slot!(()),
    /// MSVC's destructor has one slot; IIS never calls it.
    pub(crate) destructor: slot!((u32) -> Pointer),
}

assert_slots!(ModuleVtable, 31, {
    14 => execute_request_handler,
    28 => async_completion,
    29 => dispose,
    30 => destructor,
});

/// `CGlobalModule`.
#[repr(C)]
pub(crate) struct GlobalModuleVtable {
    pub(crate) stop_listening: GlobalNotification,
    pub(crate) before: [GlobalNotification; 8],
    pub(crate) application_stop: slot!((*mut Interface<ApplicationProviderVtable>) -> i32),
    pub(crate) after: [GlobalNotification; 3],
    pub(crate) terminate: slot!(()),
    pub(crate) last: [GlobalNotification; 3],
}

assert_slots!(GlobalModuleVtable, 17, { 0 => stop_listening, 9 => application_stop, 13 => terminate });

/// `IHttpModuleFactory`.
#[repr(C)]
pub(crate) struct ModuleFactoryVtable {
    pub(crate) module: slot!((*mut Pointer, Pointer) -> HResult),
    pub(crate) terminate: slot!(()),
}

assert_slots!(ModuleFactoryVtable, 2, { 0 => module, 1 => terminate });
