//! [`Bytes`]: data that its maker frees.

use std::{ffi::c_void, ptr};

use super::text::slice;

/// Data that its maker frees: it passes without a copy.
#[repr(C)]
#[derive(Debug)]
pub struct Bytes {
    data: *const u8,
    len: usize,
    owner: *mut c_void,
    drop: Option<unsafe extern "C" fn(*mut c_void)>,
}

// SAFETY: who makes one promises that data and owner may be read and dropped on any thread.
unsafe impl Send for Bytes {}
// SAFETY: as above; nothing changes the data.
unsafe impl Sync for Bytes {}

impl Bytes {
    /// No data, and nothing to be freed.
    pub(crate) const EMPTY: Self = Self { data: ptr::null(), len: 0, owner: ptr::null_mut(), drop: None };

    /// Hands data over.
    pub(crate) fn new(bytes: bytes::Bytes) -> Self {
        let (data, len) = (bytes.as_ptr(), bytes.len());
        Self { data, len, owner: Box::into_raw(Box::new(bytes)).cast(), drop: Some(free) }
    }

    /// The data, freed by its maker when the last clone goes.
    pub(crate) fn into_bytes(self) -> bytes::Bytes {
        bytes::Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: the maker keeps the data until the owner is dropped.
        unsafe { slice(self.data, self.len) }
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        if let Some(free) = self.drop.take() {
            // SAFETY: the owner is the one that belongs to the function, and is dropped once.
            unsafe { free(self.owner) }
        }
    }
}

unsafe extern "C" fn free(owner: *mut c_void) {
    super::guard(|| {
        // SAFETY: `Bytes::new` made it of such a box.
        drop(unsafe { Box::from_raw(owner.cast::<bytes::Bytes>()) });
        super::code::OK
    });
}
