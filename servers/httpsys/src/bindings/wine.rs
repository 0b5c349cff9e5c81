//! Wine, whose `httpapi.dll` exports functions that end the program when they are called.

use std::ffi::{CStr, c_char};

use super::{load::Library, table::HttpApi};

/// The major version of Wine, if this is Wine.
pub(super) fn version() -> Option<u32> {
    let function = Library::ntdll()?.find(c"wine_get_version")?;
    // SAFETY: Wine has a function of this type by this name, and nothing else has one.
    let function: unsafe extern "C" fn() -> *const c_char = unsafe { std::mem::transmute(function) };
    // SAFETY: it returns a string that stays.
    let version = unsafe { CStr::from_ptr(function()) };
    major(&version.to_string_lossy())
}

/// Takes out what is exported and not implemented. Nothing of that can be told by looking.
pub(super) fn without_stubs(api: &mut HttpApi, version: u32) {
    if version < 10 {
        api.send_response_entity_body = None;
    }
    api.cancel_http_request = None;
    api.wait_for_disconnect_ex = None;
    api.shutdown_request_queue = None;
    api.receive_client_certificate = None;
    api.find_url_group_id = None;
    api.is_feature_supported = None;
    api.set_request_property = None;
    api.query_request_property = None;
    api.delegate_request_ex = None;
    api.is_wine = true;
}

/// The 8 of `8.0 (Debian 8.0~repack-4)`.
fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_wine_is_read() {
        assert_eq!(major("8.0 (Debian 8.0~repack-4)"), Some(8));
        assert_eq!(major("10.0-rc3"), Some(10));
    }
}
