//! `RegisterModule`: what IIS calls when it has loaded the module.

use std::ffi::c_void;

use crate::{
    abi::{
        E_FAIL, Interface, RegistrationInfoVtable, S_OK, ServerVtable, call,
        registration::{EXECUTE_REQUEST_HANDLER, STOP_LISTENING},
    },
    app::{App, Main, Registered},
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
        // SAFETY: factory and global module live as long as the process.
        let result = unsafe {
            call!(info, set_request_notifications(FACTORY.as_interface(), EXECUTE_REQUEST_HANDLER, 0))
        };
        if result < S_OK {
            return result;
        }
        // SAFETY: as above.
        unsafe { call!(info, set_global_notifications(GLOBAL_MODULE.as_interface(), STOP_LISTENING)) }
    })
}
