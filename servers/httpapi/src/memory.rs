//! What pointers and lengths of the kernel's lead to. Wine does not always align it.

use std::slice;

/// A list of structures; empty if the pointer is null.
///
/// # Safety
/// The pointer is null, or there are so many, and nobody writes there.
pub(crate) unsafe fn list<T: Copy>(start: *const T, count: u16) -> Vec<T> {
    let count = if start.is_null() { 0 } else { count.into() };
    // SAFETY: as the caller says.
    (0..count).map(|index| unsafe { start.add(index).read_unaligned() }).collect()
}

/// One structure; `None` if the pointer is null.
///
/// # Safety
/// The pointer is null, or there is one, and nobody writes there.
pub(crate) unsafe fn one<T: Copy>(start: *const T) -> Option<T> {
    // SAFETY: as the caller says.
    (!start.is_null()).then(|| unsafe { start.read_unaligned() })
}

/// Bytes; none if the pointer is null.
///
/// # Safety
/// The pointer is null, or there are so many, and nobody writes there during `'a`.
pub(crate) unsafe fn bytes<'a>(start: *const u8, length: usize) -> &'a [u8] {
    if start.is_null() {
        return &[];
    }
    // SAFETY: as the caller says.
    unsafe { slice::from_raw_parts(start, length) }
}

/// Text of so many bytes of UTF-16; empty if the pointer is null.
///
/// # Safety
/// The pointer is null, or there are so many, and nobody writes there.
pub(crate) unsafe fn wide_text(start: *const u16, bytes: u16) -> String {
    // SAFETY: as the caller says.
    String::from_utf16_lossy(&unsafe { list(start, bytes / 2) })
}
