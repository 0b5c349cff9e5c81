//! Finding `httpapi.dll` and what it has.

use std::{ffi::CStr, ptr};

use windows_sys::{
    Win32::{
        Foundation::{GetLastError, HMODULE},
        Networking::HttpServer::{HTTP_INITIALIZE_SERVER, HTTPAPI_VERSION},
        System::LibraryLoader::{GetProcAddress, LOAD_LIBRARY_SEARCH_SYSTEM32, LoadLibraryExW},
    },
    w,
};

use super::{table::HttpApi, wine};
use crate::driver::Win32Error;

/// The version of the API that everything here asks for.
pub(crate) const VERSION: HTTPAPI_VERSION =
    HTTPAPI_VERSION { HttpApiMajorVersion: 2, HttpApiMinorVersion: 0 };

/// A library of the system, which stays loaded.
pub(super) struct Library(HMODULE);

impl HttpApi {
    /// Loads the library and begins to use it.
    ///
    /// # Errors
    /// [`MOD_NOT_FOUND`](Win32Error::MOD_NOT_FOUND), [`PROC_NOT_FOUND`](Win32Error::PROC_NOT_FOUND): this system has no
    /// HTTP Server API, version 2. Others: the service `HTTP` does not start.
    pub(crate) fn load() -> Result<Self, Win32Error> {
        // Only the system's own: one beside the program is not to be trusted.
        // SAFETY: the name ends with 0.
        let library =
            unsafe { LoadLibraryExW(w!("httpapi.dll"), ptr::null_mut(), LOAD_LIBRARY_SEARCH_SYSTEM32) };
        if library.is_null() {
            return Err(last_error());
        }
        let mut api = Self::of(&Library(library))?;
        if let Some(version) = wine::version() {
            wine::without_stubs(&mut api, version);
        }
        // The original also says HTTP_INITIALIZE_CONFIG, which nothing here needs, and with which Wine does nothing.
        // SAFETY: the last parameter is reserved.
        match unsafe { (api.initialize)(VERSION, HTTP_INITIALIZE_SERVER, ptr::null_mut()) } {
            0 => Ok(api),
            code => Err(Win32Error::from_code(code)),
        }
    }
}

impl Library {
    pub(super) fn find(&self, name: &CStr) -> Option<unsafe extern "system" fn() -> isize> {
        // SAFETY: the library is loaded, and the name ends with 0.
        unsafe { GetProcAddress(self.0, name.as_ptr().cast()) }
    }

    /// `ntdll.dll`, which every process has.
    pub(super) fn ntdll() -> Option<Self> {
        // SAFETY: the name ends with 0.
        let library = unsafe { windows_sys::Win32::System::LibraryLoader::GetModuleHandleW(w!("ntdll.dll")) };
        (!library.is_null()).then_some(Self(library))
    }
}

fn last_error() -> Win32Error {
    // SAFETY: always allowed.
    Win32Error::from_code(unsafe { GetLastError() })
}
