//! What TLS has agreed on.

use std::slice;

use falconry_features::{Certificate, TlsVersion};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_REQUEST_INFO, HTTP_SSL_INFO, HTTP_SSL_PROTOCOL_INFO, HttpRequestInfoTypeSslProtocol,
};

use super::{info, one};
use crate::driver::TlsInfo;

/// `SP_PROT_*`: a bit for each side of each version.
const TLS_1_0: u32 = 0x40 | 0x80;
const TLS_1_1: u32 = 0x100 | 0x200;
const TLS_1_2: u32 = 0x400 | 0x800;
const TLS_1_3: u32 = 0x1000 | 0x2000;

/// `None` on a connection in clear.
///
/// # Safety
/// Pointers are null or good, as the kernel has written them.
pub(super) unsafe fn read(native: *const HTTP_SSL_INFO, infos: &[HTTP_REQUEST_INFO]) -> Option<TlsInfo> {
    // SAFETY: as the caller says; here and below.
    let native = unsafe { one(native) }?;
    // SAFETY: as above.
    let agreed = unsafe { info::<HTTP_SSL_PROTOCOL_INFO>(infos, HttpRequestInfoTypeSslProtocol) };
    // SAFETY: as above.
    let client_certificate = unsafe {
        one(native.pClientCertInfo).filter(|certificate| !certificate.pCertEncoded.is_null()).map(
            |certificate| {
                let der =
                    slice::from_raw_parts(certificate.pCertEncoded, certificate.CertEncodedSize as usize);
                Certificate::from_der(der.to_vec())
            },
        )
    };
    Some(TlsInfo {
        protocol: agreed.and_then(|agreed| version(agreed.Protocol)),
        client_certificate,
        ..TlsInfo::default()
    })
}

fn version(protocol: u32) -> Option<TlsVersion> {
    let versions = [
        (TLS_1_3, TlsVersion::Tls13),
        (TLS_1_2, TlsVersion::Tls12),
        (TLS_1_1, TlsVersion::Tls11),
        (TLS_1_0, TlsVersion::Tls10),
    ];
    versions.into_iter().find(|(bits, _)| protocol & bits != 0).map(|(_, version)| version)
}
