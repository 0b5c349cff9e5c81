//! `IHttpRequest`, `IHttpRequest3`.

use windows_sys::Win32::Networking::HttpServer::HTTP_REQUEST_V2;

use super::{Bool, HResult, Pointer, assert_slots, context::AsyncCompletion, slot};

/// `IHttpRequest`.
#[repr(C)]
pub(crate) struct RequestVtable {
    /// The overload that is `const`.
    pub(crate) raw_http_request: slot!(() -> *const HTTP_REQUEST_V2),
    _1: [usize; 15],
    pub(crate) read_entity_body: slot!((Pointer, u32, Bool, *mut u32, *mut Bool) -> HResult),
    _17: usize,
    pub(crate) remaining_entity_bytes: slot!(() -> u32),
    _19: [usize; 5],
}

assert_slots!(RequestVtable, 24, {
    0 => raw_http_request,
    16 => read_entity_body,
    18 => remaining_entity_bytes,
});

/// `IHttpRequest3`: reading with a callback of its own, for full-duplex requests.
#[repr(C)]
pub(crate) struct Request3Vtable {
    pub(crate) base: RequestVtable,
    _24: usize,
    pub(crate) read_entity_body_duplex: slot!((Pointer, u32, Bool, AsyncCompletion, Pointer, *mut u32, *mut Bool) -> HResult),
}

assert_slots!(Request3Vtable, 26, { 25 => read_entity_body_duplex });
