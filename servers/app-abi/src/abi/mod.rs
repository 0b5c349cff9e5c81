//! The types of the interface. Their layout is its contract; `layout.rs` holds it fast.

mod bytes;
mod event;
#[cfg(test)]
mod layout;
mod source;
mod stream;
mod table;
mod text;
mod waker;

use std::{
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
};

pub use self::{
    bytes::Bytes,
    event::Event,
    source::{Source, SourceTable},
    stream::{Stream, StreamTable},
    table::{Address, AppTable, HostTable, RequestHead, StartOptions},
    text::{Field, Str},
    waker::Waker,
};
pub(crate) use self::{
    event::Frame,
    source::Produce,
    table::flag,
    text::{fields, headers, slice},
};

/// The major version: sides with different ones do not understand each other.
pub const MAJOR: u32 = 1;
/// The minor version: a higher one adds to the ends of tables.
pub const MINOR: u32 = 0;
/// The name of the exported function that gives the table.
pub const SYMBOL: &str = "falconry_app_v1";

/// An object of the other side.
pub(crate) type Object = *mut c_void;

/// What functions give.
pub(crate) mod code {
    /// Not yet: the waker will be woken. Of functions that do not wait: done.
    pub(crate) const PENDING: i32 = 0;
    /// Done.
    pub(crate) const OK: i32 = 0;
    /// Ready; of events see [`super::event`].
    pub(crate) const READY: i32 = 1;
    /// It failed, and the log says why.
    pub(crate) const FAILED: i32 = -1;
    /// A panic was caught.
    pub(crate) const PANIC: i32 = -2;
    /// The application takes no requests.
    pub(crate) const NOT_ACCEPTED: i32 = -3;
}

/// Levels of the log.
pub(crate) mod level {
    pub(crate) const ERROR: u32 = 1;
    pub(crate) const WARN: u32 = 2;
}

/// Runs what a function of the interface does; no panic leaves it.
pub(crate) fn guard(run: impl FnOnce() -> i32) -> i32 {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(code::PANIC)
}
