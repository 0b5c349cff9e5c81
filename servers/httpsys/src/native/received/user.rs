//! Whom the system has authenticated.

use std::ptr;

use falconry_features::{Identity, User};
use falconry_httpapi::HttpRequest;
use windows_sys::Win32::{
    Foundation::{CloseHandle, HANDLE},
    Networking::HttpServer::{HTTP_REQUEST_AUTH_INFO, HttpAuthStatusSuccess, HttpRequestInfoTypeAuth},
    Security::{GetTokenInformation, LookupAccountSidW, TOKEN_USER, TokenUser},
};

use super::super::buffer::Buffer;

/// By `HTTP_REQUEST_AUTH_TYPE`.
const SCHEMES: [&str; 6] = ["None", "Basic", "Digest", "NTLM", "Negotiate", "Kerberos"];

/// A user whom the system has authenticated, with the name `DOMAIN\user`.
pub(super) fn read(request: &HttpRequest<'_>) -> Option<User> {
    // SAFETY: that is its type, of numbers and pointers.
    let native = unsafe { request.info::<HTTP_REQUEST_AUTH_INFO>(HttpRequestInfoTypeAuth) }?;
    if native.AuthStatus != HttpAuthStatusSuccess || native.AccessToken.is_null() {
        return None;
    }
    let scheme = usize::try_from(native.AuthType).ok().and_then(|scheme| SCHEMES.get(scheme).copied());
    // SAFETY: the token of an authenticated request is open, and whoever receives it closes it.
    let name = unsafe {
        let name = account_name(native.AccessToken);
        CloseHandle(native.AccessToken);
        name
    };
    Some(Identity::new(scheme.unwrap_or("Windows"), name.unwrap_or_default()).into())
}

/// `DOMAIN\user`.
///
/// # Safety
/// The token is open.
pub(in super::super) unsafe fn account_name(token: HANDLE) -> Option<String> {
    let mut needed = 0;
    // SAFETY: with no buffer the function says how much it needs.
    unsafe { GetTokenInformation(token, TokenUser, ptr::null_mut(), 0, &mut needed) };
    let buffer = Buffer::new((needed as usize).max(size_of::<TOKEN_USER>()));
    // SAFETY: the buffer is that large.
    let is_success =
        unsafe { GetTokenInformation(token, TokenUser, buffer.as_ptr(), buffer.size(), &mut needed) };
    if is_success == 0 {
        return None;
    }
    // SAFETY: the function has written it.
    let sid = unsafe { (*buffer.as_ptr::<TOKEN_USER>()).User.Sid };
    let (mut name, mut domain) = ([0_u16; 257], [0_u16; 257]);
    let (mut name_length, mut domain_length, mut kind) = (name.len() as u32, domain.len() as u32, 0);
    // SAFETY: there is room for as much as the lengths say.
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
