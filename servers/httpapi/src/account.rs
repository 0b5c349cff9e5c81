//! The names of users.

use std::ptr;

use windows_sys::Win32::{
    Foundation::HANDLE,
    Security::{GetTokenInformation, LookupAccountSidW, TOKEN_USER, TokenUser},
};

/// The name `DOMAIN\user` of the user of a token; `None` for what is no open token.
#[allow(clippy::not_unsafe_ptr_arg_deref, reason = "a handle is a number to the system, which checks it")]
pub fn account_name(token: HANDLE) -> Option<String> {
    /// A `TOKEN_USER` with the identifier behind it, whose length is limited.
    #[repr(C, align(8))]
    struct Buffer([u8; 256]);
    let mut buffer = Buffer([0; 256]);
    let mut needed = 0;
    // SAFETY: the function takes any number for a handle, and writes as much as there is room for.
    let is_success = unsafe {
        GetTokenInformation(
            token,
            TokenUser,
            buffer.0.as_mut_ptr().cast(),
            buffer.0.len() as u32,
            &mut needed,
        )
    };
    if is_success == 0 {
        return None;
    }
    // SAFETY: the function has written it, and the buffer is aligned for it.
    let sid = unsafe { (*buffer.0.as_ptr().cast::<TOKEN_USER>()).User.Sid };
    let (mut name, mut domain) = ([0_u16; 257], [0_u16; 257]);
    let (mut name_length, mut domain_length, mut kind) = (name.len() as u32, domain.len() as u32, 0);
    // SAFETY: the identifier is in the buffer, and there is room for as much as the lengths say.
    let is_success = unsafe {
        LookupAccountSidW(
            ptr::null(),
            sid,
            name.as_mut_ptr(),
            &mut name_length,
            domain.as_mut_ptr(),
            &mut domain_length,
            &mut kind,
        )
    };
    if is_success == 0 {
        return None;
    }
    let text = |units: &[u16], length: u32| {
        String::from_utf16_lossy(units.get(..length as usize).unwrap_or_default())
    };
    let (name, domain) = (text(&name, name_length), text(&domain, domain_length));
    Some(if domain.is_empty() { name } else { format!("{domain}\\{name}") })
}
