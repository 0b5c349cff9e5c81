//! `RegisterModule`: what IIS calls when it has loaded the module.

use std::ffi::c_void;

use falconry_in_process::Main;

use crate::{
    abi::{
        E_FAIL, Interface, RegistrationInfoVtable, S_OK, ServerVtable, call,
        registration::{APPLICATION_STOP, EXECUTE_REQUEST_HANDLER, STOP_LISTENING},
    },
    app::{App, Registered},
    module::{FACTORY, GLOBAL_MODULE, guarded},
    native::NativeServer,
};

/// Registers the module with IIS. For [`export_app!`](crate::export_app), which exports it under its name.
///
/// # Safety
/// `info` and `server` are what IIS hands to `RegisterModule`.
pub unsafe fn register_module(_version: u32, info: *mut c_void, server: *mut c_void, main: Main) -> i32 {
    guarded(E_FAIL, || {
        let info = info.cast::<Interface<RegistrationInfoVtable>>();
        // SAFETY: as the caller says.
        let Some(server) = (unsafe { NativeServer::new(server.cast::<Interface<ServerVtable>>()) }) else {
            return E_FAIL;
        };
        // SAFETY: IIS keeps the registration until this returns.
        let module_id = unsafe { call!(info, id()) };
        if !App::register(Registered { server, module_id, main }) {
            return E_FAIL;
        }
        stay_loaded();
        // SAFETY: factory and global module live as long as the process.
        let result = unsafe {
            call!(info, set_request_notifications(FACTORY.as_interface(), EXECUTE_REQUEST_HANDLER, 0))
        };
        if result < S_OK {
            return result;
        }
        let notifications = STOP_LISTENING | APPLICATION_STOP;
        // SAFETY: as above.
        unsafe { call!(info, set_global_notifications(GLOBAL_MODULE.as_interface(), notifications)) }
    })
}

/// Keeps the library in memory until the process ends: threads of it run until then.
#[cfg(windows)]
fn stay_loaded() {
    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
    };

    let mut library = std::ptr::null_mut();
    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    // SAFETY: the address is one in this library, and the handle is written before the function returns.
    let is_pinned = unsafe { GetModuleHandleExW(flags, (&raw const FACTORY).cast(), &raw mut library) } != 0;
    if !is_pinned {
        tracing::error!("the library of the module may be unloaded too early");
    }
}

/// IIS is where Windows is; elsewhere only tests come by.
#[cfg(not(windows))]
fn stay_loaded() {}
