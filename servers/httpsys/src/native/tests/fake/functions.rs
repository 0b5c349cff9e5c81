//! The functions themselves.

use std::{
    ffi::c_void,
    ptr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use windows_sys::{
    Win32::{
        Foundation::{CloseHandle, HANDLE},
        Networking::HttpServer::{
            HTTP_CACHE_POLICY, HTTP_DATA_CHUNK, HTTP_DELEGATE_REQUEST_PROPERTY_INFO, HTTP_LOG_DATA,
            HTTP_REQUEST_V2, HTTP_RESPONSE_V2, HTTP_SSL_CLIENT_CERT_INFO, HTTPAPI_VERSION,
        },
        Security::SECURITY_ATTRIBUTES,
        Storage::FileSystem::{FILE_FLAG_OVERLAPPED, PIPE_ACCESS_DUPLEX},
        System::{IO::OVERLAPPED, Pipes::CreateNamedPipeW},
    },
    core::{BOOL, PCWSTR},
};

use super::{super::super::wide::wide, Call, QUEUES, find, lock};
use crate::bindings::HttpApi;

/// All functions.
pub(super) fn api() -> HttpApi {
    HttpApi {
        initialize,
        create_server_session: create,
        close_server_session: close_id,
        create_url_group: create_in,
        close_url_group: close_id,
        add_url_to_url_group: add_url,
        remove_url_from_url_group: remove_url,
        set_url_group_property: set_group_property,
        create_request_queue: create_queue,
        close_request_queue: close_queue,
        set_request_queue_property: set_queue_property,
        receive_http_request: receive,
        receive_request_entity_body: receive_body,
        send_http_response: send,
        send_response_entity_body: Some(send_body),
        cancel_http_request: Some(cancel),
        wait_for_disconnect_ex: Some(wait_for_disconnect),
        shutdown_request_queue: Some(shutdown),
        receive_client_certificate: Some(certificate),
        find_url_group_id: None,
        is_feature_supported: Some(is_supported),
        set_request_property: Some(set_property),
        query_request_property: Some(query_property),
        delegate_request_ex: Some(delegate),
        is_wine: false,
    }
}

unsafe extern "system" fn initialize(_: HTTPAPI_VERSION, _: u32, _: *mut c_void) -> u32 {
    0
}

unsafe extern "system" fn create(_: HTTPAPI_VERSION, _: *mut u64, _: u32) -> u32 {
    0
}

unsafe extern "system" fn create_in(_: u64, _: *mut u64, _: u32) -> u32 {
    0
}

unsafe extern "system" fn close_id(_: u64) -> u32 {
    0
}

unsafe extern "system" fn add_url(_: u64, _: PCWSTR, _: u64, _: u32) -> u32 {
    0
}

unsafe extern "system" fn remove_url(_: u64, _: PCWSTR, _: u32) -> u32 {
    0
}

unsafe extern "system" fn set_group_property(_: u64, _: i32, _: *const c_void, _: u32) -> u32 {
    0
}

unsafe extern "system" fn set_queue_property(
    _: HANDLE,
    _: i32,
    _: *const c_void,
    _: u32,
    _: u32,
    _: *const c_void,
) -> u32 {
    0
}

unsafe extern "system" fn is_supported(feature: i32) -> BOOL {
    (feature == 1).into()
}

/// A pipe has a handle that a completion port takes.
unsafe extern "system" fn create_queue(
    _: HTTPAPI_VERSION,
    _: PCWSTR,
    _: *const SECURITY_ATTRIBUTES,
    _: u32,
    queue: *mut HANDLE,
) -> u32 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = wide(&format!(r"\\.\pipe\falconry-fake-{}-{number}", std::process::id()));
    // SAFETY: the name ends with 0, and the caller has room for a handle.
    unsafe {
        *queue = CreateNamedPipeW(
            name.as_ptr(),
            PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
            0,
            1,
            0,
            0,
            0,
            ptr::null(),
        );
        lock(&QUEUES).insert(*queue as usize, Arc::default());
    }
    0
}

unsafe extern "system" fn close_queue(queue: HANDLE) -> u32 {
    lock(&QUEUES).remove(&(queue as usize));
    // SAFETY: open, and nobody else has it.
    unsafe { CloseHandle(queue) };
    0
}

unsafe extern "system" fn shutdown(_: HANDLE) -> u32 {
    0
}

unsafe extern "system" fn receive(
    queue: HANDLE,
    id: u64,
    _: u32,
    request: *mut HTTP_REQUEST_V2,
    size: u32,
    bytes: *mut u32,
    overlapped: *mut OVERLAPPED,
) -> u32 {
    let code = find(queue).called(Call::Receive { id, size }, request.cast(), overlapped);
    // As http.sys: what it would need.
    if code == 234 {
        // SAFETY: the caller has room for a number.
        unsafe { *bytes = 9000 };
    }
    code
}

unsafe extern "system" fn receive_body(
    queue: HANDLE,
    id: u64,
    _: u32,
    buffer: *mut c_void,
    size: u32,
    _: *mut u32,
    overlapped: *mut OVERLAPPED,
) -> u32 {
    find(queue).called(Call::ReceiveBody { id, size }, buffer, overlapped)
}

unsafe extern "system" fn send(
    queue: HANDLE,
    id: u64,
    flags: u32,
    response: *const HTTP_RESPONSE_V2,
    _: *const HTTP_CACHE_POLICY,
    _: *mut u32,
    _: *const c_void,
    _: u32,
    overlapped: *mut OVERLAPPED,
    _: *const HTTP_LOG_DATA,
) -> u32 {
    find(queue).called(Call::Send { id, flags }, response.cast_mut().cast(), overlapped)
}

unsafe extern "system" fn send_body(
    queue: HANDLE,
    id: u64,
    flags: u32,
    count: u16,
    chunks: *const HTTP_DATA_CHUNK,
    _: *mut u32,
    _: *const c_void,
    _: u32,
    overlapped: *mut OVERLAPPED,
    _: *const HTTP_LOG_DATA,
) -> u32 {
    find(queue).called(Call::SendBody { id, flags, chunks: count }, chunks.cast_mut().cast(), overlapped)
}

unsafe extern "system" fn cancel(queue: HANDLE, id: u64, overlapped: *mut OVERLAPPED) -> u32 {
    find(queue).called(Call::Cancel { id }, ptr::null_mut(), overlapped)
}

unsafe extern "system" fn wait_for_disconnect(
    queue: HANDLE,
    connection: u64,
    _: u32,
    overlapped: *mut OVERLAPPED,
) -> u32 {
    find(queue).called(Call::WaitForDisconnect { connection }, ptr::null_mut(), overlapped)
}

unsafe extern "system" fn certificate(
    queue: HANDLE,
    connection: u64,
    _: u32,
    info: *mut HTTP_SSL_CLIENT_CERT_INFO,
    size: u32,
    _: *mut u32,
    overlapped: *mut OVERLAPPED,
) -> u32 {
    find(queue).called(Call::Certificate { connection, size }, info.cast(), overlapped)
}

unsafe extern "system" fn set_property(
    queue: HANDLE,
    id: u64,
    property: i32,
    value: *const c_void,
    _: u32,
    _: *const OVERLAPPED,
) -> u32 {
    find(queue).called(Call::Property { id, property }, value.cast_mut(), ptr::null_mut())
}

unsafe extern "system" fn query_property(
    queue: HANDLE,
    id: u64,
    property: i32,
    _: *const c_void,
    _: u32,
    output: *mut c_void,
    size: u32,
    length: *mut u32,
    _: *mut OVERLAPPED,
) -> u32 {
    // SAFETY: the caller has room for a number.
    unsafe { *length = 2000 };
    if size < 2000 {
        return 234;
    }
    find(queue).called(Call::Property { id, property }, output, ptr::null_mut())
}

unsafe extern "system" fn delegate(
    queue: HANDLE,
    _: HANDLE,
    id: u64,
    _: u64,
    _: u32,
    property: *const HTTP_DELEGATE_REQUEST_PROPERTY_INFO,
) -> u32 {
    // SAFETY: the caller has one property, with a text in UTF-16.
    let url = unsafe {
        let units = std::slice::from_raw_parts(
            (*property).PropertyInfo.cast::<u16>(),
            (*property).PropertyInfoLength as usize / 2,
        );
        String::from_utf16_lossy(units)
    };
    find(queue).called(Call::Delegate { id, url }, ptr::null_mut(), ptr::null_mut())
}
