//! The functions of the HTTP Server API, version 2, that the native driver calls.

use std::ffi::c_void;

use windows_sys::{
    Win32::{
        Foundation::HANDLE,
        Networking::HttpServer::{
            HTTP_CACHE_POLICY, HTTP_DATA_CHUNK, HTTP_DELEGATE_REQUEST_PROPERTY_INFO, HTTP_LOG_DATA,
            HTTP_REQUEST_V2, HTTP_RESPONSE_V2, HTTP_SSL_CLIENT_CERT_INFO, HTTPAPI_VERSION,
        },
        Security::SECURITY_ATTRIBUTES,
        System::IO::OVERLAPPED,
    },
    core::{BOOL, PCWSTR},
};

use super::load::Library;
use crate::driver::Win32Error;

macro_rules! table {
    (
        required { $($field:ident $name:literal ($($argument:ty),*);)* }
        optional { $($option:ident $option_name:literal ($($option_argument:ty),*) -> $result:ty;)* }
    ) => {
        /// The functions; what not every system has is an `Option`.
        #[derive(Clone, Debug)]
        pub(crate) struct HttpApi {
            $(pub(crate) $field: unsafe extern "system" fn($($argument),*) -> u32,)*
            $(pub(crate) $option: Option<unsafe extern "system" fn($($option_argument),*) -> $result>,)*
            /// This is Wine, which has less than what its functions promise.
            pub(crate) is_wine: bool,
        }

        impl HttpApi {
            pub(super) fn of(library: &Library) -> Result<Self, Win32Error> {
                Ok(Self {
                    $($field: {
                        let function = library.find($name).ok_or(Win32Error::PROC_NOT_FOUND)?;
                        // SAFETY: `httpapi.dll` exports a function of this type by this name.
                        unsafe {
                            std::mem::transmute::<
                                unsafe extern "system" fn() -> isize,
                                unsafe extern "system" fn($($argument),*) -> u32,
                            >(function)
                        }
                    },)*
                    $($option: library.find($option_name).map(|function| {
                        // SAFETY: as above.
                        unsafe {
                            std::mem::transmute::<
                                unsafe extern "system" fn() -> isize,
                                unsafe extern "system" fn($($option_argument),*) -> $result,
                            >(function)
                        }
                    }),)*
                    is_wine: false,
                })
            }
        }
    };
}

type Overlapped = *mut OVERLAPPED;
type Log = *const HTTP_LOG_DATA;

table! {
    required {
    initialize c"HttpInitialize" (HTTPAPI_VERSION, u32, *mut c_void);
    create_server_session c"HttpCreateServerSession" (HTTPAPI_VERSION, *mut u64, u32);
    close_server_session c"HttpCloseServerSession" (u64);
    create_url_group c"HttpCreateUrlGroup" (u64, *mut u64, u32);
    close_url_group c"HttpCloseUrlGroup" (u64);
    add_url_to_url_group c"HttpAddUrlToUrlGroup" (u64, PCWSTR, u64, u32);
    remove_url_from_url_group c"HttpRemoveUrlFromUrlGroup" (u64, PCWSTR, u32);
    set_url_group_property c"HttpSetUrlGroupProperty" (u64, i32, *const c_void, u32);
    create_request_queue c"HttpCreateRequestQueue"
        (HTTPAPI_VERSION, PCWSTR, *const SECURITY_ATTRIBUTES, u32, *mut HANDLE);
    close_request_queue c"HttpCloseRequestQueue" (HANDLE);
    set_request_queue_property c"HttpSetRequestQueueProperty" (HANDLE, i32, *const c_void, u32, u32, *const c_void);
    receive_http_request c"HttpReceiveHttpRequest"
        (HANDLE, u64, u32, *mut HTTP_REQUEST_V2, u32, *mut u32, Overlapped);
    receive_request_entity_body c"HttpReceiveRequestEntityBody"
        (HANDLE, u64, u32, *mut c_void, u32, *mut u32, Overlapped);
    send_http_response c"HttpSendHttpResponse"
        (HANDLE, u64, u32, *const HTTP_RESPONSE_V2, *const HTTP_CACHE_POLICY, *mut u32, *const c_void, u32, Overlapped, Log);
    }
    optional {
    send_response_entity_body c"HttpSendResponseEntityBody"
        (HANDLE, u64, u32, u16, *const HTTP_DATA_CHUNK, *mut u32, *const c_void, u32, Overlapped, Log) -> u32;
    cancel_http_request c"HttpCancelHttpRequest" (HANDLE, u64, Overlapped) -> u32;
    wait_for_disconnect_ex c"HttpWaitForDisconnectEx" (HANDLE, u64, u32, Overlapped) -> u32;
    shutdown_request_queue c"HttpShutdownRequestQueue" (HANDLE) -> u32;
    receive_client_certificate c"HttpReceiveClientCertificate"
        (HANDLE, u64, u32, *mut HTTP_SSL_CLIENT_CERT_INFO, u32, *mut u32, Overlapped) -> u32;
    find_url_group_id c"HttpFindUrlGroupId" (PCWSTR, HANDLE, *mut u64) -> u32;
    is_feature_supported c"HttpIsFeatureSupported" (i32) -> BOOL;
    set_request_property c"HttpSetRequestProperty" (HANDLE, u64, i32, *const c_void, u32, *const OVERLAPPED) -> u32;
    query_request_property c"HttpQueryRequestProperty"
        (HANDLE, u64, i32, *const c_void, u32, *mut c_void, u32, *mut u32, Overlapped) -> u32;
    delegate_request_ex c"HttpDelegateRequestEx"
        (HANDLE, HANDLE, u64, u64, u32, *const HTTP_DELEGATE_REQUEST_PROPERTY_INFO) -> u32;
    }
}
