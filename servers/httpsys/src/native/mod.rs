//! The native driver: `httpapi.dll`.
//!
//! The way of a call: [`queue`] and [`request`] put together what the kernel reads and writes (`send`, [`buffer`]), an
//! [`operation`] owns it until the kernel has done with it, and the thread of the [`port`] wakes whoever waits.

mod buffer;
mod certificate;
mod collect;
mod disconnect;
mod handle;
mod operation;
mod port;
mod queue;
mod received;
mod request;
mod security;
mod send;
mod session;
#[cfg(test)]
mod tests;
mod url_group;
mod wide;

use std::{fmt, sync::Arc};

use windows_sys::Win32::Networking::HttpServer::{HttpFeatureDelegateEx, HttpFeatureResponseTrailers};

use self::{port::CompletionPort, queue::NativeQueue, session::NativeSession};
use crate::{
    bindings::HttpApi,
    driver::{
        Driver, DriverFeature, DriverFuture, RequestQueue, RequestQueueOptions, ServerSession, Win32Error,
    },
};

/// `HttpFeatureCacheTlsClientHello`, `HttpFeatureQueryCipherInfo`.
const CACHE_TLS_CLIENT_HELLO: i32 = 11;
const QUERY_CIPHER_INFO: i32 = 15;

/// The HTTP Server API of Windows.
///
/// ```no_run
/// # fn main() -> Result<(), falconry_httpsys::driver::Win32Error> {
/// let driver = falconry_httpsys::NativeDriver::new()?;
/// # Ok(())
/// # }
/// ```
pub struct NativeDriver {
    api: Arc<HttpApi>,
    port: Arc<CompletionPort>,
}

impl NativeDriver {
    /// Loads `httpapi.dll`, starts the service `HTTP` if that does not run, and a thread that waits for completions.
    ///
    /// # Errors
    /// [`MOD_NOT_FOUND`](Win32Error::MOD_NOT_FOUND), [`PROC_NOT_FOUND`](Win32Error::PROC_NOT_FOUND): this system has no
    /// HTTP Server API, version 2. Others: the service does not start.
    pub fn new() -> Result<Self, Win32Error> {
        Self::with_api(HttpApi::load()?)
    }

    fn with_api(api: HttpApi) -> Result<Self, Win32Error> {
        Ok(Self { api: Arc::new(api), port: CompletionPort::new()? })
    }

    fn is_supported(&self, feature: i32) -> bool {
        // SAFETY: takes any number.
        self.api.is_feature_supported.is_some_and(|function| unsafe { function(feature) } != 0)
    }
}

impl Driver for NativeDriver {
    fn name(&self) -> &'static str {
        "native"
    }

    fn is_feature_supported(&self, feature: DriverFeature) -> bool {
        match feature {
            DriverFeature::ResponseTrailers => self.is_supported(HttpFeatureResponseTrailers),
            DriverFeature::DelegateEx => {
                self.api.delegate_request_ex.is_some() && self.is_supported(HttpFeatureDelegateEx)
            }
            DriverFeature::CacheTlsClientHello => {
                self.api.query_request_property.is_some() && self.is_supported(CACHE_TLS_CLIENT_HELLO)
            }
            DriverFeature::QueryCipherInfo => {
                self.api.query_request_property.is_some() && self.is_supported(QUERY_CIPHER_INFO)
            }
            DriverFeature::Reset => self.api.set_request_property.is_some(),
            DriverFeature::ClientCertificateRenegotiation => self.api.receive_client_certificate.is_some(),
            // Every Windows that Rust runs on has them.
            DriverFeature::Upgrade | DriverFeature::GoAway | DriverFeature::WindowsAuthentication => {
                !self.api.is_wine
            }
            // A response that is collected has a length.
            DriverFeature::ResponseFraming => self.api.send_response_entity_body.is_none(),
        }
    }

    fn create_server_session(&self) -> DriverFuture<'_, Arc<dyn ServerSession>> {
        Box::pin(async {
            let session = NativeSession::new(Arc::clone(&self.api))?;
            Ok(Arc::new(session) as Arc<dyn ServerSession>)
        })
    }

    fn create_request_queue(&self, options: RequestQueueOptions) -> DriverFuture<'_, Arc<dyn RequestQueue>> {
        Box::pin(async move {
            let queue = NativeQueue::new(&self.api, &self.port, &options)?;
            Ok(Arc::new(queue) as Arc<dyn RequestQueue>)
        })
    }
}

impl fmt::Debug for NativeDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeDriver").field("is_wine", &self.api.is_wine).finish_non_exhaustive()
    }
}

/// An error unless the code is 0.
fn check(code: u32) -> Result<(), Win32Error> {
    if code == 0 { Ok(()) } else { Err(Win32Error::from_code(code)) }
}

/// The error of the last call of this thread.
fn last_error() -> Win32Error {
    // SAFETY: always allowed.
    Win32Error::from_code(unsafe { windows_sys::Win32::Foundation::GetLastError() })
}
