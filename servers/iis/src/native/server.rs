//! The native server.

use std::ptr::{self, NonNull};

use crate::abi::{
    Interface, Pointer, Response4Vtable, ResponseVtable, S_OK, Server2Vtable, ServerVtable, call,
    response::{IID_RESPONSE, IID_RESPONSE4},
};

/// The native server (`IHttpServer`), there as long as the worker.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NativeServer {
    pointer: NonNull<Interface<ServerVtable>>,
    newer: Option<NonNull<Interface<Server2Vtable>>>,
}

// SAFETY: IIS lets every thread call the server, which lives as long as the process.
unsafe impl Send for NativeServer {}
// SAFETY: as above.
unsafe impl Sync for NativeServer {}

impl NativeServer {
    /// # Safety
    /// `pointer` is the server that IIS has handed to `RegisterModule`.
    pub(crate) unsafe fn new(pointer: *mut Interface<ServerVtable>) -> Option<Self> {
        const VERSION_2: i32 = 0;
        let pointer = NonNull::new(pointer)?;
        let mut newer = ptr::null_mut();
        // SAFETY: the server is there; the call writes the interface if it succeeds.
        let result = unsafe { call!(pointer.as_ptr(), extended_interface(VERSION_2, &raw mut newer)) };
        let newer = NonNull::new(newer.cast()).filter(|_| result >= S_OK);
        Some(Self { pointer, newer })
    }

    /// The name of the application pool.
    pub(crate) fn app_pool_name(&self) -> String {
        // SAFETY: the server is there; the name is a string that lives as long.
        unsafe { wide_string(call!(self.pointer.as_ptr(), app_pool_name())) }
    }

    /// The path of the pool's configuration file, if IIS tells it.
    pub(crate) fn app_pool_config_file(&self) -> Option<String> {
        let server = self.newer?;
        let mut length = 0;
        // SAFETY: the server is there; the path is a string that lives as long.
        Some(unsafe { wide_string(call!(server.as_ptr(), app_pool_config_file(&raw mut length))) })
    }

    /// True in IIS Express, which has one worker and does not recycle it.
    pub(crate) fn is_command_line_launch(&self) -> bool {
        // SAFETY: the server is there.
        unsafe { call!(self.pointer.as_ptr(), is_command_line_launch()) != 0 }
    }

    /// Has IIS start a new worker in this one's place.
    pub(crate) fn recycle_process(&self, reason: &str) {
        let reason: Vec<u16> = reason.encode_utf16().chain([0]).collect();
        // SAFETY: the server is there; IIS copies the reason.
        unsafe { call!(self.pointer.as_ptr(), recycle_process(reason.as_ptr())) };
    }

    /// A response with the interface for trailers and resets, if IIS has it.
    pub(super) fn newest_response(
        &self,
        response: *mut Interface<ResponseVtable>,
    ) -> Option<*mut Interface<Response4Vtable>> {
        let server = self.newer?;
        let mut newest: Pointer = ptr::null_mut();
        // SAFETY: server and response are there; the call writes the interface if it succeeds.
        let result = unsafe {
            call!(
                server.as_ptr(),
                extended_interface_of(
                    &raw const IID_RESPONSE,
                    response.cast(),
                    &raw const IID_RESPONSE4,
                    &raw mut newest
                )
            )
        };
        (result >= S_OK && !newest.is_null()).then(|| newest.cast())
    }
}

/// # Safety
/// `text` is null, or a string that ends with a zero.
pub(super) unsafe fn wide_string(text: *const u16) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller says that a zero comes.
    let length = (0..).take_while(|index| unsafe { *text.add(*index) } != 0).count();
    // SAFETY: so many units were just read.
    String::from_utf16_lossy(unsafe { std::slice::from_raw_parts(text, length) })
}
