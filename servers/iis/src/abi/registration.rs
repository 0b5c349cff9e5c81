//! `IHttpModuleRegistrationInfo`.

use super::{HResult, Interface, ModuleFactoryVtable, Pointer, assert_slots, slot};
use crate::abi::GlobalModuleVtable;

/// `IHttpModuleRegistrationInfo`.
#[repr(C)]
pub(crate) struct RegistrationInfoVtable {
    pub(crate) name: slot!(() -> *const u16),
    pub(crate) id: slot!(() -> Pointer),
    pub(crate) set_request_notifications: slot!((*const Interface<ModuleFactoryVtable>, u32, u32) -> HResult),
    pub(crate) set_global_notifications: slot!((*const Interface<GlobalModuleVtable>, u32) -> HResult),
    _4: [usize; 2],
}

assert_slots!(RegistrationInfoVtable, 6, {
    0 => name,
    1 => id,
    2 => set_request_notifications,
    3 => set_global_notifications,
});

/// `RQ_EXECUTE_REQUEST_HANDLER`.
pub(crate) const EXECUTE_REQUEST_HANDLER: u32 = 0x80;
/// `GL_STOP_LISTENING`.
pub(crate) const STOP_LISTENING: u32 = 0x2;
/// `GL_APPLICATION_STOP`.
pub(crate) const APPLICATION_STOP: u32 = 0x800;
