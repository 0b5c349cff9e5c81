//! What the objects call: `struct Host` of `../objects/host.hpp`, over [`Request`] and [`Connection`].

use std::{
    alloc::{Layout, alloc_zeroed, dealloc},
    ffi::{CStr, CString, c_char, c_void},
    ptr, slice,
    sync::Arc,
};

use windows_sys::Win32::Foundation::ERROR_INVALID_INDEX;

use crate::{
    front::Connection,
    objects::{AsyncCompletion, Bool, Callback, HResult, Host, Pointer, win32},
    request::Request,
    settings,
};

const OK: HResult = 0;

pub(crate) static HOST: Host = Host {
    allocate,
    release,
    unexpected,
    is_connected,
    raw_request,
    remaining,
    read,
    set_status,
    set_header,
    delete_header,
    set_trailer,
    clear,
    need_disconnect,
    reset,
    reset_stream,
    need_go_away,
    write,
    flush,
    server_variable,
    set_server_variable,
    enable_full_duplex,
    cancel_io,
    post_completion,
    is_command_line_launch,
    is_newest,
    recycle,
};

/// In front of every piece of memory stands its size.
const HEADER: usize = 16;

unsafe extern "C" fn allocate(size: u64) -> Pointer {
    let size = HEADER + size as usize;
    // SAFETY: the size is not 0.
    unsafe {
        let start = alloc_zeroed(layout(size));
        if start.is_null() {
            return ptr::null_mut();
        }
        start.cast::<usize>().write(size);
        start.add(HEADER).cast()
    }
}

unsafe extern "C" fn release(memory: Pointer) {
    // SAFETY: it is from `allocate`, and given back once.
    unsafe {
        let start = memory.cast::<u8>().sub(HEADER);
        dealloc(start, layout(start.cast::<usize>().read()));
    }
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, HEADER).unwrap_or(Layout::new::<u128>())
}

/// The module has called what it must not: its tables are wrong. The tests look for this line.
unsafe extern "C" fn unexpected(slot: *const c_char) {
    // SAFETY: a text of the objects.
    eprintln!("unexpected call: {}", unsafe { text(slot) });
}

unsafe extern "C" fn is_connected(connection: Pointer) -> Bool {
    // SAFETY: the connection has not ended.
    let connection = unsafe { &*connection.cast::<Connection>() };
    Bool::from(!connection.is_gone())
}

unsafe extern "C" fn raw_request(own: Pointer) -> *const c_void {
    ptr::from_ref(request(own).raw()).cast()
}

unsafe extern "C" fn remaining(own: Pointer) -> u32 {
    request(own).remaining()
}

unsafe extern "C" fn read(
    own: Pointer,
    buffer: *mut u8,
    length: u32,
    function: AsyncCompletion,
    argument: Pointer,
    bytes: *mut u32,
    pending: *mut Bool,
) -> HResult {
    // SAFETY: the module keeps the memory until the completion.
    let done = unsafe { request(own).read(buffer, length, Callback::new(function, argument)) };
    // SAFETY: places of the caller's.
    unsafe {
        *pending = Bool::from(done.is_none());
        *bytes = done.as_ref().map_or(0, |done| done.bytes);
    }
    done.map_or(OK, |done| done.status)
}

unsafe extern "C" fn set_status(
    own: Pointer,
    status: u16,
    reason: *const c_char,
    sub_status: u16,
    skips_pages: Bool,
) -> HResult {
    // SAFETY: a text of the module's.
    let reason = unsafe { CStr::from_ptr(reason) };
    request(own).output().set_status(status, reason.to_bytes());
    if sub_status != 0 || skips_pages == 0 {
        eprintln!("a page of the server's own: {status}.{sub_status}");
    }
    OK
}

unsafe extern "C" fn set_header(
    own: Pointer,
    name: *const c_char,
    value: *const u8,
    length: u16,
    replace: Bool,
) -> HResult {
    // SAFETY: a text and so many bytes of the module's.
    let (name, value) = unsafe { (text(name), slice::from_raw_parts(value, length.into())) };
    request(own).output().set_field(&name, value, replace != 0);
    OK
}

unsafe extern "C" fn delete_header(own: Pointer, name: *const c_char) -> HResult {
    // SAFETY: a text of the module's.
    request(own).output().remove_field(&unsafe { text(name) });
    OK
}

unsafe extern "C" fn set_trailer(
    own: Pointer,
    name: *const c_char,
    value: *const u8,
    length: u16,
) -> HResult {
    // SAFETY: a text and so many bytes of the module's.
    let (name, value) = unsafe { (text(name), slice::from_raw_parts(value, length.into())) };
    request(own).output().set_trailer(&name, value);
    OK
}

unsafe extern "C" fn clear(own: Pointer) {
    request(own).output().clear();
}

unsafe extern "C" fn need_disconnect(own: Pointer) {
    request(own).output().is_last = true;
}

unsafe extern "C" fn reset(own: Pointer) {
    request(own).reset();
}

unsafe extern "C" fn reset_stream(own: Pointer, code: u32) {
    println!("reset with {code}");
    request(own).reset();
}

unsafe extern "C" fn need_go_away(_: Pointer) {
    println!("GOAWAY");
}

unsafe extern "C" fn write(
    own: Pointer,
    chunks: *const c_void,
    count: u32,
    more: Bool,
    function: AsyncCompletion,
    argument: Pointer,
    bytes: *mut u32,
    pending: *mut Bool,
) -> HResult {
    assert_ne!(more, 0, "the end of a response is told by the end of the request");
    // SAFETY: places of the caller's.
    unsafe {
        *pending = 1;
        *bytes = 0;
    }
    // SAFETY: the module keeps the chunks until the completion.
    unsafe { request(own).write(chunks.cast(), count, Callback::new(function, argument)) };
    OK
}

unsafe extern "C" fn flush(
    own: Pointer,
    function: AsyncCompletion,
    argument: Pointer,
    pending: *mut Bool,
) -> HResult {
    // SAFETY: a place of the caller's.
    unsafe { *pending = 1 };
    request(own).flush(Callback::new(function, argument));
    OK
}

unsafe extern "C" fn server_variable(
    own: Pointer,
    name: *const c_char,
    value: *mut *const c_char,
    length: *mut u32,
) -> HResult {
    let request = request(own);
    let variables = request.variables();
    // SAFETY: a text of the module's.
    let Some(found) = variables.get(&unsafe { text(name) }) else { return win32(ERROR_INVALID_INDEX) };
    // SAFETY: places of the caller's. The value stays until it is changed.
    unsafe {
        *value = found.as_ptr();
        *length = found.as_bytes().len().try_into().unwrap_or_default();
    }
    OK
}

unsafe extern "C" fn set_server_variable(own: Pointer, name: *const c_char, value: *const u16) -> HResult {
    // SAFETY: two texts of the module's, each with a zero at its end.
    let (name, value) = unsafe { (text(name), wide_text(value)) };
    request(own).variables().insert(name, CString::new(value).unwrap_or_default());
    OK
}

unsafe extern "C" fn enable_full_duplex(own: Pointer) {
    request(own).enable_full_duplex();
}

unsafe extern "C" fn cancel_io(own: Pointer) -> HResult {
    request(own).cancel_io();
    OK
}

unsafe extern "C" fn post_completion(own: Pointer, bytes: u32) -> HResult {
    request(own).post_completion(bytes);
    OK
}

unsafe extern "C" fn is_command_line_launch() -> Bool {
    Bool::from(settings().is_express)
}

unsafe extern "C" fn is_newest() -> Bool {
    Bool::from(!settings().is_old)
}

unsafe extern "C" fn recycle(reason: *const u16) {
    // SAFETY: a text of the module's, with a zero at its end.
    println!("asked for another worker: {}", unsafe { wide_text(reason) });
}

fn request(own: Pointer) -> Arc<Request> {
    // SAFETY: the objects call for requests that have not ended.
    unsafe { Request::of(own) }
}

/// # Safety
/// A C string.
unsafe fn text(start: *const c_char) -> String {
    // SAFETY: as the caller says.
    unsafe { CStr::from_ptr(start) }.to_string_lossy().into_owned()
}

/// # Safety
/// A string of UTF-16 that ends with a zero.
unsafe fn wide_text(start: *const u16) -> String {
    // SAFETY: as the caller says.
    unsafe {
        let length = (0..).take_while(|index| *start.add(*index) != 0).count();
        String::from_utf16_lossy(slice::from_raw_parts(start, length))
    }
}
