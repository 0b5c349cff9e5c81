//! The client's certificate.

use falconry_features::Certificate;
use windows_sys::Win32::Networking::HttpServer::HTTP_SSL_CLIENT_CERT_INFO;

use crate::memory::{bytes, one};

/// The certificate of an `HTTP_SSL_CLIENT_CERT_INFO`; `None` if it has none.
///
/// # Safety
/// The pointer is null, or leads to such a structure, whose certificate is as long as it says; and nobody writes to
/// either.
pub unsafe fn certificate(info: *const HTTP_SSL_CLIENT_CERT_INFO) -> Option<Certificate> {
    // SAFETY: as the caller says.
    let der = unsafe {
        let info = one(info)?;
        bytes(info.pCertEncoded, usize::try_from(info.CertEncodedSize).ok()?)
    };
    (!der.is_empty()).then(|| Certificate::from_der(der.to_vec()))
}
