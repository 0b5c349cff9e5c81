//! Properties of a request: what is asked of the system, and told to it.

use std::{ffi::c_void, ptr};

use bytes::Bytes;
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_DELEGATE_REQUEST_PROPERTY_INFO, HTTP_REQUEST_PROPERTY_STREAM_ERROR, HttpRequestPropertyStreamError,
};

use super::super::{buffer::Buffer, check, handle::QueueHandle, wide::wide};
use crate::driver::Win32Error;

/// `HttpRequestPropertyTlsClientHello`, `HttpDelegateRequestDelegateUrlProperty`.
const TLS_CLIENT_HELLO: i32 = 11;
const DELEGATE_URL: i32 = 1;

pub(super) fn set_stream_error(queue: &QueueHandle, id: u64, code: u32) -> Result<(), Win32Error> {
    let set = queue.api().set_request_property.ok_or(Win32Error::NOT_SUPPORTED)?;
    let error = HTTP_REQUEST_PROPERTY_STREAM_ERROR { ErrorCode: code };
    let (value, size) = (ptr::from_ref(&error).cast(), size_of_val(&error) as u32);
    queue.with(|handle| {
        // SAFETY: the value is read before the function returns.
        check(unsafe { set(handle, id, HttpRequestPropertyStreamError, value, size, ptr::null()) })
    })?
}

pub(super) fn tls_client_hello(queue: &QueueHandle, id: u64) -> Result<Bytes, Win32Error> {
    let query = queue.api().query_request_property.ok_or(Win32Error::NOT_SUPPORTED)?;
    let mut size = 1024;
    loop {
        let buffer = Buffer::new(size);
        let mut length = 0;
        let code = queue.with(|handle| {
            let (start, room) = (buffer.as_ptr::<c_void>(), buffer.size());
            let (none, nobody) = (ptr::null(), ptr::null_mut());
            // SAFETY: without an OVERLAPPED the function has ended with the buffer when it returns.
            unsafe { query(handle, id, TLS_CLIENT_HELLO, none, 0, start, room, &mut length, nobody) }
        })?;
        match Win32Error::from_code(code) {
            // SAFETY: the function has returned.
            _ if code == 0 => return Ok(unsafe { buffer.into_bytes(length) }),
            Win32Error::MORE_DATA | Win32Error::INSUFFICIENT_BUFFER if length as usize > size => {
                size = length as usize;
            }
            error => return Err(error),
        }
    }
}

/// Hands the request over to the queue `target`, for `url_prefix`.
pub(super) fn delegate(
    queue: &QueueHandle,
    id: u64,
    target: &QueueHandle,
    url_prefix: &str,
) -> Result<(), Win32Error> {
    let delegate = queue.api().delegate_request_ex.ok_or(Win32Error::NOT_SUPPORTED)?;
    let url = wide(url_prefix);
    let property = HTTP_DELEGATE_REQUEST_PROPERTY_INFO {
        PropertyId: DELEGATE_URL,
        PropertyInfoLength: ((url.len() - 1) * size_of::<u16>()) as u32,
        PropertyInfo: url.as_ptr().cast_mut().cast(),
    };
    queue.with(|handle| {
        target.with(|target| {
            // SAFETY: both handles are open, and the property is read before the function returns.
            check(unsafe { delegate(handle, target, id, 0, 1, &property) })
        })?
    })?
}
