//! `IHttpResponse`, `IHttpResponse2`, `IHttpResponse4`.

use std::ffi::c_char;

use windows_sys::Win32::Networking::HttpServer::HTTP_DATA_CHUNK;

use super::{Bool, HResult, Pointer, assert_slots, context::AsyncCompletion, slot};

/// `IHttpResponse`.
#[repr(C)]
pub(crate) struct ResponseVtable {
    _0: [usize; 3],
    /// Status, reason, sub status, error, exception, whether to leave IIS's own error pages out.
    pub(crate) set_status: slot!((u16, *const c_char, u16, HResult, Pointer, Bool) -> HResult),
    _4: usize,
    /// The overload by name: name, value, its length, whether to replace.
    pub(crate) set_header: slot!((*const c_char, *const c_char, u16, Bool) -> HResult),
    _6: usize,
    /// The overload by name.
    pub(crate) delete_header: slot!((*const c_char) -> HResult),
    _8: [usize; 2],
    pub(crate) clear: slot!(()),
    _11: usize,
    pub(crate) set_need_disconnect: slot!(()),
    pub(crate) reset_connection: slot!(()),
    _14: [usize; 4],
    pub(crate) flush: slot!((Bool, Bool, *mut u32, *mut Bool) -> HResult),
    _19: [usize; 2],
    pub(crate) write_entity_chunks: slot!((*const HTTP_DATA_CHUNK, u32, Bool, Bool, *mut u32, *mut Bool) -> HResult),
    pub(crate) disable_buffering: slot!(()),
    _23: [usize; 5],
}

assert_slots!(ResponseVtable, 28, {
    3 => set_status,
    5 => set_header,
    7 => delete_header,
    10 => clear,
    12 => set_need_disconnect,
    13 => reset_connection,
    18 => flush,
    21 => write_entity_chunks,
    22 => disable_buffering,
});

/// `IHttpResponse2`: writing with a callback of its own, for full-duplex requests.
#[repr(C)]
pub(crate) struct Response2Vtable {
    pub(crate) base: ResponseVtable,
    pub(crate) write_entity_chunks_duplex: slot!(
        (*const HTTP_DATA_CHUNK, u32, Bool, Bool, AsyncCompletion, Pointer, *mut u32, *mut Bool) -> HResult
    ),
    pub(crate) flush_duplex: slot!((Bool, Bool, AsyncCompletion, Pointer, *mut u32, *mut Bool) -> HResult),
}

assert_slots!(Response2Vtable, 30, { 28 => write_entity_chunks_duplex, 29 => flush_duplex });

/// `IHttpResponse4`: trailers, resets and GOAWAY.
#[repr(C)]
pub(crate) struct Response4Vtable {
    pub(crate) base: Response2Vtable,
    _30: [usize; 3],
    pub(crate) reset_stream: slot!((u32)),
    pub(crate) set_need_go_away: slot!(()),
    pub(crate) set_trailer: slot!((*const c_char, *const c_char, u16, Bool) -> HResult),
}

assert_slots!(Response4Vtable, 36, { 33 => reset_stream, 34 => set_need_go_away, 35 => set_trailer });

/// The names under which `IHttpServer2` knows `IHttpResponse` and `IHttpResponse4`.
pub(crate) static IID_RESPONSE: [u32; 4] = [0x7e1c_6b38, 0x4e6c_628f, 0x2341_dc95, 0x5ef9_b77e];
pub(crate) static IID_RESPONSE4: [u32; 4] = [0x1a2a_cc57, 0x4f28_cae2, 0xc800_abb4, 0xec12_6bf9];
