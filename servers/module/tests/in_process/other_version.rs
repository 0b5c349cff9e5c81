//! A library that was built for another version of the interface.

/// What is the same in every version.
#[repr(C)]
#[derive(Debug)]
pub struct Table {
    size: u32,
    major: u32,
    minor: u32,
}

static TABLE: Table = Table { size: 12, major: 2, minor: 7 };

#[doc(hidden)]
#[unsafe(no_mangle)]
pub extern "C" fn falconry_app_v1() -> *const Table {
    &raw const TABLE
}
