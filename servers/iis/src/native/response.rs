//! A request's native response.

use std::ffi::CString;

use http::{HeaderMap, HeaderName, StatusCode};
use windows_sys::Win32::Networking::HttpServer::HTTP_DATA_CHUNK;

use super::{Call, NativeServer};
use crate::abi::{
    E_FAIL, HResult, Interface, Pointer, Response2Vtable, Response4Vtable, ResponseVtable, S_OK, call,
    context::{ASYNC, AsyncCompletion},
};

/// More data follows: IIS must not end the response by itself.
const MORE_DATA: i32 = 1;

/// A request's native response (`IHttpResponse`), there as long as the request's context.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Response {
    pointer: *mut Interface<ResponseVtable>,
}

impl Response {
    pub(super) fn new(pointer: *mut Interface<ResponseVtable>) -> Self {
        Self { pointer }
    }

    /// Sets status and reason; IIS's own error pages stay away.
    pub(crate) fn set_status(&self, status: StatusCode, reason: &str) -> Result<(), HResult> {
        let reason = c_string(reason.as_bytes());
        // SAFETY: the response is there (see the type); IIS copies the reason.
        check(unsafe {
            call!(
                self.pointer,
                set_status(status.as_u16(), reason.as_ptr(), 0, S_OK, std::ptr::null_mut(), 1)
            )
        })
    }

    /// Sets the status of a failure, with the page that IIS has for it.
    pub(crate) fn set_error(&self, status: StatusCode, sub_status: u16) -> Result<(), HResult> {
        let reason = c_string(status.canonical_reason().unwrap_or_default().as_bytes());
        // SAFETY: the response is there; IIS copies the reason.
        check(unsafe {
            call!(
                self.pointer,
                set_status(status.as_u16(), reason.as_ptr(), sub_status, E_FAIL, std::ptr::null_mut(), 0)
            )
        })
    }

    /// Sets the fields of the response in place of those that IIS has put there; `skipped` are not for the client.
    pub(crate) fn set_headers(&self, headers: &HeaderMap, skipped: &[HeaderName]) -> Result<(), HResult> {
        for name in headers.keys().filter(|name| !skipped.contains(name)) {
            // IIS drops fields with an empty value; the first value of a name replaces what is there.
            for (index, value) in headers.get_all(name).iter().enumerate() {
                self.set_header(name.as_str(), value.as_bytes(), index == 0)?;
            }
        }
        Ok(())
    }

    pub(crate) fn set_header(&self, name: &str, value: &[u8], replaces: bool) -> Result<(), HResult> {
        let (name, value, length) = field(name, value)?;
        // SAFETY: the response is there; IIS copies name and value.
        check(unsafe {
            call!(self.pointer, set_header(name.as_ptr(), value.as_ptr(), length, i32::from(replaces)))
        })
    }

    /// Sets trailers, if IIS and the protocol can send them.
    pub(crate) fn set_trailers(&self, server: NativeServer, trailers: &HeaderMap) -> Result<(), HResult> {
        let Some(response) = self.newest(server) else { return Ok(()) };
        for (name, value) in trailers {
            let (name, value, length) = field(name.as_str(), value.as_bytes())?;
            // SAFETY: the response is there; IIS copies name and value.
            check(unsafe { call!(response, set_trailer(name.as_ptr(), value.as_ptr(), length, 0)) })?;
        }
        Ok(())
    }

    /// True if trailers, resets and GOAWAY can be sent.
    pub(crate) fn is_newest(&self, server: NativeServer) -> bool {
        self.newest(server).is_some()
    }

    /// Ends the stream with an error code; false if IIS is too old for it.
    pub(crate) fn reset_stream(&self, server: NativeServer, code: u32) -> bool {
        let Some(response) = self.newest(server) else { return false };
        // SAFETY: the response is there.
        unsafe { call!(response, reset_stream(code)) };
        true
    }

    /// Has the client told to send nothing more on this connection; does nothing if IIS is too old for it.
    pub(crate) fn set_need_go_away(&self, server: NativeServer) {
        if let Some(response) = self.newest(server) {
            // SAFETY: the response is there.
            unsafe { call!(response, set_need_go_away()) };
        }
    }

    /// Ends the connection at once.
    pub(crate) fn reset_connection(&self) {
        // SAFETY: the response is there.
        unsafe { call!(self.pointer, reset_connection()) };
    }

    /// Ends the connection after the response.
    pub(crate) fn set_need_disconnect(&self) {
        // SAFETY: the response is there.
        unsafe { call!(self.pointer, set_need_disconnect()) };
    }

    /// What is written leaves at once.
    pub(crate) fn disable_buffering(&self) {
        // SAFETY: the response is there.
        unsafe { call!(self.pointer, disable_buffering()) };
    }

    /// Begins to send the head, if it has not left, and `chunks`.
    ///
    /// # Safety
    /// Unless the call is done when this returns, the chunks and what they point to stay valid until the
    /// completion.
    pub(crate) unsafe fn write(&self, chunks: *const HTTP_DATA_CHUNK, count: u32) -> Call {
        let (mut bytes, mut is_pending) = (0, 0);
        // SAFETY: the response is there; the caller keeps the chunks.
        let result = unsafe {
            call!(
                self.pointer,
                write_entity_chunks(chunks, count, ASYNC, MORE_DATA, &raw mut bytes, &raw mut is_pending)
            )
        };
        Call::new(result, bytes, is_pending)
    }

    /// Begins to hand everything written to the client.
    pub(crate) fn flush(&self) -> Call {
        let (mut bytes, mut is_pending) = (0, 0);
        // SAFETY: the response is there.
        let result =
            unsafe { call!(self.pointer, flush(ASYNC, MORE_DATA, &raw mut bytes, &raw mut is_pending)) };
        Call::new(result, bytes, is_pending)
    }

    /// As [`write`](Self::write), on a connection that has left HTTP; `completion` is called with `argument`.
    ///
    /// # Safety
    /// As [`write`](Self::write); and `completion` may be called with `argument` once if the call is pending.
    pub(crate) unsafe fn write_duplex(
        &self,
        chunks: *const HTTP_DATA_CHUNK,
        count: u32,
        completion: AsyncCompletion,
        argument: Pointer,
    ) -> Call {
        let (mut bytes, mut is_pending) = (0, 0);
        let response = self.pointer.cast::<Interface<Response2Vtable>>();
        // SAFETY: the response is there, with the newer interface since IIS 8; the caller keeps the chunks.
        let result = unsafe {
            call!(
                response,
                write_entity_chunks_duplex(
                    chunks,
                    count,
                    ASYNC,
                    MORE_DATA,
                    completion,
                    argument,
                    &raw mut bytes,
                    &raw mut is_pending
                )
            )
        };
        Call::new(result, bytes, is_pending)
    }

    /// As [`flush`](Self::flush), on a connection that has left HTTP.
    ///
    /// # Safety
    /// `completion` may be called with `argument` once if the call is pending.
    pub(crate) unsafe fn flush_duplex(&self, completion: AsyncCompletion, argument: Pointer) -> Call {
        let (mut bytes, mut is_pending) = (0, 0);
        let response = self.pointer.cast::<Interface<Response2Vtable>>();
        // SAFETY: the response is there, with the newer interface since IIS 8.
        let result = unsafe {
            call!(
                response,
                flush_duplex(ASYNC, MORE_DATA, completion, argument, &raw mut bytes, &raw mut is_pending)
            )
        };
        Call::new(result, bytes, is_pending)
    }

    fn newest(&self, server: NativeServer) -> Option<*mut Interface<Response4Vtable>> {
        server.newest_response(self.pointer)
    }
}

fn field(name: &str, value: &[u8]) -> Result<(CString, CString, u16), HResult> {
    let length = u16::try_from(value.len()).map_err(|_| E_FAIL)?;
    Ok((c_string(name.as_bytes()), c_string(value), length))
}

/// Text for a native call. A zero, which no valid field has, ends it early.
fn c_string(text: &[u8]) -> CString {
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

fn check(result: HResult) -> Result<(), HResult> {
    if result < S_OK { Err(result) } else { Ok(()) }
}
