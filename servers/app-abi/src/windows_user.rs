//! [`WindowsUser`]: the user whose token a module has put into this process.

use std::{
    os::windows::io::{FromRawHandle, OwnedHandle},
    ptr,
    sync::Arc,
};

use falconry_features::{Identity, User};
use falconry_httpapi::account_name;
use windows_sys::Win32::{
    Foundation::{CloseHandle, DUPLICATE_SAME_ACCESS, DuplicateHandle, HANDLE},
    System::Threading::GetCurrentProcess,
};

/// The token of a Windows user, as the module of IIS passes one on in `MS-ASPNETCORE-WINAUTHTOKEN`: the identity of the
/// user of such a request has one ([`Identity::native`]), for programs that act in the user's name.
#[derive(Debug)]
pub struct WindowsUser {
    token: OwnedHandle,
    name: String,
}

impl WindowsUser {
    /// The user of a token that the module has put into this process, which is to close it: this keeps a duplicate, and
    /// closes the module's. `None` if the handle is not that of a token with a name; such a one is left alone.
    ///
    /// Only the module may say which handle: whoever does can have any token of this process closed.
    pub fn take(handle: u64) -> Option<Self> {
        // Above these are the system's own names for the process and its tokens.
        let handle = i32::try_from(handle).ok().filter(|handle| *handle != 0)? as HANDLE;
        let name = account_name(handle)?;
        let mut own = ptr::null_mut();
        // SAFETY: the handle is that of a token, or the name could not be had; the result has room.
        let is_success = unsafe {
            let process = GetCurrentProcess();
            DuplicateHandle(process, handle, process, &mut own, 0, 0, DUPLICATE_SAME_ACCESS)
        };
        if is_success == 0 {
            return None;
        }
        // SAFETY: the first was made for this program to close, the second is new and nobody else's.
        let token = unsafe {
            CloseHandle(handle);
            OwnedHandle::from_raw_handle(own)
        };
        Some(Self { token, name })
    }

    /// `DOMAIN\user`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The token.
    pub fn token(&self) -> &OwnedHandle {
        &self.token
    }
}

impl From<WindowsUser> for User {
    fn from(user: WindowsUser) -> Self {
        Identity::new("Windows", user.name.clone()).with_native(Arc::new(user)).into()
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::File, io::Read, os::windows::io::AsRawHandle};

    use super::WindowsUser;

    #[test]
    fn what_is_no_token_is_left_alone() {
        let mut file = File::open(std::env::current_exe().unwrap()).unwrap();
        assert!(WindowsUser::take(file.as_raw_handle() as u64).is_none());
        assert_eq!(file.read(&mut [0]).unwrap(), 1);
        for other in [0, 0x7fff_fff0, u64::MAX, u64::MAX - 3] {
            assert!(WindowsUser::take(other).is_none(), "{other:x}");
        }
    }
}
