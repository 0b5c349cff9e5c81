//! Whom the system has authenticated.

use falconry_features::{Identity, User};
use falconry_httpapi::{HttpRequest, account_name};
use windows_sys::Win32::{
    Foundation::CloseHandle,
    Networking::HttpServer::{HTTP_REQUEST_AUTH_INFO, HttpAuthStatusSuccess, HttpRequestInfoTypeAuth},
};

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
    let name = account_name(native.AccessToken);
    // SAFETY: the token of an authenticated request is open, and whoever receives it closes it.
    unsafe { CloseHandle(native.AccessToken) };
    Some(Identity::new(scheme.unwrap_or("Windows"), name.unwrap_or_default()).into())
}
