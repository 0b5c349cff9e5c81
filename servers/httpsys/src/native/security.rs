//! Who may open a queue.

use std::ptr;

use windows_sys::Win32::{
    Foundation::LocalFree,
    Security::{
        Authorization::{ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1},
        PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES,
    },
};

use super::{last_error, wide::wide};
use crate::driver::Win32Error;

/// A security descriptor, which the system has allocated.
pub(super) struct SecurityDescriptor(PSECURITY_DESCRIPTOR);

impl SecurityDescriptor {
    /// Reads the textual form (SDDL).
    pub(super) fn parse(text: &str) -> Result<Self, Win32Error> {
        let mut descriptor = ptr::null_mut();
        // SAFETY: the text ends with 0, and the pointer is written before the function returns.
        let is_success = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                wide(text).as_ptr(),
                SDDL_REVISION_1,
                &mut descriptor,
                ptr::null_mut(),
            )
        };
        if is_success == 0 { Err(last_error()) } else { Ok(Self(descriptor)) }
    }

    /// As long as `self` is there.
    pub(super) fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: self.0,
            bInheritHandle: 0,
        }
    }
}

impl Drop for SecurityDescriptor {
    fn drop(&mut self) {
        // SAFETY: the conversion has allocated it so.
        unsafe { LocalFree(self.0) };
    }
}
