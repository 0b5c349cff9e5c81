//! `IHttpServer`, `IHttpServer2`.

use super::{Bool, HResult, Pointer, assert_slots, slot};

/// `IHttpServer`.
#[repr(C)]
pub(crate) struct ServerVtable {
    pub(crate) is_command_line_launch: slot!(() -> Bool),
    pub(crate) app_pool_name: slot!(() -> *const u16),
    _2: [usize; 4],
    pub(crate) recycle_process: slot!((*const u16)),
    _7: [usize; 18],
    pub(crate) extended_interface: slot!((i32, *mut Pointer) -> HResult),
}

assert_slots!(ServerVtable, 26, {
    0 => is_command_line_launch,
    1 => app_pool_name,
    6 => recycle_process,
    25 => extended_interface,
});

/// `IHttpServer2`, which makes newer interfaces of an object out of its older ones.
#[repr(C)]
pub(crate) struct Server2Vtable {
    pub(crate) base: ServerVtable,
    _26: usize,
    pub(crate) app_pool_config_file: slot!((*mut u32) -> *const u16),
    pub(crate) extended_interface_of: slot!((*const [u32; 4], Pointer, *const [u32; 4], *mut Pointer) -> HResult),
    _29: [usize; 2],
}

assert_slots!(Server2Vtable, 31, { 27 => app_pool_config_file, 28 => extended_interface_of });
