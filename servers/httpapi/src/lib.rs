//! The native structures of the Windows HTTP Server API (`http.h`), as HTTP.sys lays them out: what `httpapi.dll` hands
//! to a program, and IIS to a module.
//!
//! * [`HttpRequest`] reads an `HTTP_REQUEST`: method, target, fields, addresses, TLS, further information.
//! * [`REQUEST_FIELDS`] and [`RESPONSE_FIELDS`] are the names of the fields that go by a number (`HTTP_HEADER_ID`).
//! * [`memory_chunks`] makes `HTTP_DATA_CHUNK`s of a body's bytes.
//! * `account_name`, on Windows, is the name of the user of a token that comes with a request.
//!
//! The declarations themselves are those of `windows-sys`, whose layout is asserted here. They are plain memory, so
//! that all of this builds and is tested on every system.

#[cfg(windows)]
mod account;
mod address;
mod certificate;
mod chunk;
mod fields;
mod info;
mod layout;
mod memory;
mod method;
mod request;
mod tls;

#[cfg(windows)]
pub use self::account::account_name;
pub use self::{
    certificate::certificate,
    chunk::memory_chunks,
    fields::{REQUEST_FIELDS, RESPONSE_FIELDS},
    info::ticks_per_second,
    request::HttpRequest,
    tls::NativeTls,
};
