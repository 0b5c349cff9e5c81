//! What HTTP.sys tells of TLS, with everything that it points to.

use std::{fmt, ptr};

use windows_sys::Win32::Networking::HttpServer::{
    HTTP_REQUEST_INFO, HTTP_REQUEST_TIMING_INFO, HTTP_REQUEST_V2, HTTP_SSL_CLIENT_CERT_INFO, HTTP_SSL_INFO,
    HTTP_SSL_PROTOCOL_INFO, HttpRequestInfoTypeRequestTiming, HttpRequestInfoTypeSslProtocol,
};

/// `SP_PROT_TLS1_3_SERVER`.
const TLS_1_3: u32 = 0x1000;

/// A connection over TLS 1.3 whose client has sent a certificate, and when that was.
pub(super) struct Tls {
    info: HTTP_SSL_INFO,
    certificate: HTTP_SSL_CLIENT_CERT_INFO,
    protocol: HTTP_SSL_PROTOCOL_INFO,
    timing: HTTP_REQUEST_TIMING_INFO,
    infos: [HTTP_REQUEST_INFO; 2],
}

impl Tls {
    /// Adds it to a request, which must not outlive it.
    pub(super) fn add_to(request: &mut HTTP_REQUEST_V2) -> Box<Self> {
        const DER: &[u8] = b"a certificate";
        let mut tls = Box::new(Self {
            info: HTTP_SSL_INFO::default(),
            certificate: HTTP_SSL_CLIENT_CERT_INFO {
                CertEncodedSize: DER.len() as u32,
                pCertEncoded: DER.as_ptr().cast_mut(),
                ..Default::default()
            },
            protocol: HTTP_SSL_PROTOCOL_INFO { Protocol: TLS_1_3, ..Default::default() },
            timing: HTTP_REQUEST_TIMING_INFO { RequestTimingCount: 2, ..Default::default() },
            infos: Default::default(),
        });
        tls.timing.RequestTiming[..2].copy_from_slice(&[5, 6]);
        tls.info.pClientCertInfo = &raw mut tls.certificate;
        tls.infos = [
            info(HttpRequestInfoTypeSslProtocol, &mut tls.protocol),
            info(HttpRequestInfoTypeRequestTiming, &mut tls.timing),
        ];
        request.Base.pSslInfo = &raw mut tls.info;
        request.pRequestInfo = tls.infos.as_mut_ptr();
        request.RequestInfoCount = 2;
        tls
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn info<T>(kind: i32, content: &mut T) -> HTTP_REQUEST_INFO {
    let length = size_of::<T>() as u32;
    HTTP_REQUEST_INFO { InfoType: kind, InfoLength: length, pInfo: ptr::from_mut(content).cast() }
}
