//! Memory that the kernel writes into.

use std::{
    alloc::{self, Layout},
    ptr::NonNull,
};

use bytes::Bytes;

/// Memory at one place, aligned for every native structure, and zeroed. It is reached by pointers alone, as the kernel may
/// write at any time until its operation has ended.
#[derive(Debug)]
pub(super) struct Buffer {
    start: NonNull<u8>,
    layout: Layout,
}

/// The beginning of a buffer, once the kernel has done with it.
struct Filled {
    buffer: Buffer,
    length: usize,
}

impl Buffer {
    /// At least one byte.
    pub(super) fn new(size: usize) -> Self {
        let layout = Layout::from_size_align(size.max(1), align_of::<u128>());
        let layout = layout.unwrap_or_else(|_| panic!("a buffer of {size} bytes is more than there can be"));
        // SAFETY: the size is not 0.
        let start = unsafe { alloc::alloc_zeroed(layout) };
        let start = NonNull::new(start).unwrap_or_else(|| alloc::handle_alloc_error(layout));
        Self { start, layout }
    }

    pub(super) fn as_ptr<T>(&self) -> *mut T {
        self.start.as_ptr().cast()
    }

    /// In bytes; kernels count in 32 bits.
    pub(super) fn size(&self) -> u32 {
        u32::try_from(self.layout.size()).unwrap_or(u32::MAX)
    }

    /// The first `length` bytes.
    ///
    /// # Safety
    /// The kernel does not write any more.
    pub(super) unsafe fn into_bytes(self, length: u32) -> Bytes {
        let length = self.layout.size().min(length as usize);
        // What is kept long should not keep much more alive.
        if length < self.layout.size() / 4 {
            // SAFETY: these bytes are in the buffer and nobody writes them.
            return Bytes::copy_from_slice(unsafe { std::slice::from_raw_parts(self.as_ptr(), length) });
        }
        Bytes::from_owner(Filled { buffer: self, length })
    }
}

// SAFETY: it owns its memory.
unsafe impl Send for Buffer {}
// SAFETY: by reference nothing can be read or written but through pointers.
unsafe impl Sync for Buffer {}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout.
        unsafe { alloc::dealloc(self.start.as_ptr(), self.layout) }
    }
}

impl AsRef<[u8]> for Filled {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: these bytes are in the buffer, and `into_bytes` was told that nobody writes them.
        unsafe { std::slice::from_raw_parts(self.buffer.as_ptr(), self.length) }
    }
}
