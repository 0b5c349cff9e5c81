//! The flat interface with the nginx module: `shim/falconry.h` in Rust.
//!
//! Whoever changes one changes the other, and [`VERSION`].

use std::{ffi::c_void, slice};

pub(crate) const VERSION: u32 = 1;

pub(crate) const OK: i32 = 0;
pub(crate) const AGAIN: i32 = 1;
pub(crate) const LAST: i32 = 2;

pub(crate) const COMPLETE: u32 = 0;
pub(crate) const ABORT: u32 = 1;

pub(crate) const LOG_ERROR: u32 = 0;
pub(crate) const LOG_WARN: u32 = 1;

pub(crate) const TLS: u32 = 0x1;
pub(crate) const UPGRADE: u32 = 0x2;
pub(crate) const INFORM: u32 = 0x4;
pub(crate) const INLINE: u32 = 0x8;

pub(crate) const HEAD_CLOSE: u32 = 0x1;
pub(crate) const HEAD_UPGRADE: u32 = 0x2;
pub(crate) const HEAD_FRAMED: u32 = 0x4;
pub(crate) const HEAD_NO_BODY: u32 = 0x8;

pub(crate) const LENGTH_UNKNOWN: i64 = -1;

/// What the module names a request by: a pointer that is only handed back.
pub(crate) type RawRequest = *mut c_void;

/// `falconry_str_t`
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Str {
    data: *const u8,
    len: usize,
}

impl Str {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr(), len: bytes.len() }
    }

    /// # Safety
    /// It points to `len` bytes that are there and unchanged for `'a`, or its length is 0.
    pub(crate) unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: as the caller promises.
        unsafe { slice::from_raw_parts(self.data, self.len) }
    }
}

/// `falconry_field_t`
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: Str,
    pub(crate) value: Str,
}

/// `falconry_tls_t`
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Tls {
    pub(crate) protocol: Str,
    pub(crate) cipher: Str,
    pub(crate) server_name: Str,
    pub(crate) alpn: Str,
    pub(crate) client_certificate: Str,
    pub(crate) cipher_id: u32,
    reserved: u32,
}

/// `falconry_address_t`
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Address {
    pub(crate) ip: [u8; 16],
    pub(crate) port: u16,
    pub(crate) family: u16,
}

/// `falconry_request_t`
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) version: u32,
    pub(crate) flags: u32,
    pub(crate) content_length: i64,
    pub(crate) max_body_size: u64,
    pub(crate) connection: u64,
    pub(crate) number: u64,
    pub(crate) method: Str,
    pub(crate) target: Str,
    pub(crate) path_base: Str,
    fields: *const Field,
    nfields: usize,
    variables: *const Field,
    nvariables: usize,
    pub(crate) remote: Address,
    pub(crate) local: Address,
    pub(crate) tls: Tls,
}

impl Request {
    /// # Safety
    /// As [`Str::bytes`], for the list of the fields.
    pub(crate) unsafe fn fields(&self) -> &[Field] {
        // SAFETY: as the caller promises.
        unsafe { list(self.fields, self.nfields) }
    }

    /// # Safety
    /// As [`Str::bytes`], for the list of the variables.
    pub(crate) unsafe fn variables(&self) -> &[Field] {
        // SAFETY: as the caller promises.
        unsafe { list(self.variables, self.nvariables) }
    }
}

/// # Safety
/// `data` points to `len` fields that are there and unchanged for `'a`, or `len` is 0.
unsafe fn list<'a>(data: *const Field, len: usize) -> &'a [Field] {
    if len == 0 {
        return &[];
    }
    // SAFETY: as the caller promises.
    unsafe { slice::from_raw_parts(data, len) }
}

/// `falconry_head_t`
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u32,
    pub(crate) flags: u32,
    pub(crate) content_length: i64,
    pub(crate) reason: Str,
    pub(crate) fields: *const Field,
    pub(crate) nfields: usize,
}

/// `falconry_host_t`: what the module does for the application.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) abi: u32,
    pub(crate) size: u32,
    pub(crate) wake: unsafe extern "C" fn(*mut c_void),
    pub(crate) mask_signals: unsafe extern "C" fn(),
    pub(crate) log: unsafe extern "C" fn(RawRequest, u32, Str),
    pub(crate) quit: unsafe extern "C" fn(),
    pub(crate) read: unsafe extern "C" fn(RawRequest, *mut *const u8, *mut usize) -> i32,
    pub(crate) send_interim: unsafe extern "C" fn(RawRequest, *const Head) -> i32,
    pub(crate) send_head: unsafe extern "C" fn(RawRequest, *const Head) -> i32,
    pub(crate) send_body:
        unsafe extern "C" fn(RawRequest, *const Str, usize, *const Field, usize, u32) -> i32,
    pub(crate) finish: unsafe extern "C" fn(RawRequest, u32),
    pub(crate) raw_read: unsafe extern "C" fn(RawRequest, *mut u8, usize, *mut usize) -> i32,
    pub(crate) raw_write: unsafe extern "C" fn(RawRequest, *const u8, usize, *mut usize) -> i32,
    pub(crate) raw_shutdown: unsafe extern "C" fn(RawRequest),
}

/// `falconry_settings_t`
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) threads: u32,
    pub(crate) start_timeout_ms: u32,
    pub(crate) addresses: Str,
}

/// `falconry_app_t`: what the application does for the module.
#[repr(C)]
#[derive(Debug)]
pub struct App {
    pub(crate) abi: u32,
    pub(crate) size: u32,
    pub(crate) start: unsafe extern "C" fn(*const Host, *mut c_void, *const Settings) -> i32,
    pub(crate) stopping: unsafe extern "C" fn(),
    pub(crate) stop: unsafe extern "C" fn(),
    pub(crate) drain: unsafe extern "C" fn(),
    pub(crate) accept: unsafe extern "C" fn(*const Request, RawRequest, *mut u64) -> i32,
    pub(crate) readable: unsafe extern "C" fn(u64),
    pub(crate) written: unsafe extern "C" fn(u64, i32),
    pub(crate) disconnected: unsafe extern "C" fn(u64),
    pub(crate) released: unsafe extern "C" fn(u64),
}

// Fails to compile where C and Rust would not mean the same; falconry.h has the like.
const _: () = {
    assert!(size_of::<Str>() == 16);
    assert!(size_of::<Tls>() == 88);
    assert!(size_of::<Address>() == 20);
    assert!(size_of::<Request>() == 248);
    assert!(size_of::<Head>() == 48);
    assert!(size_of::<Host>() == 104);
    assert!(size_of::<App>() == 80);
};
