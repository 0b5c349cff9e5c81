//! `HTTP_REQUEST` as HTTP.sys laid it out.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    slice,
};

use windows_sys::Win32::Networking::{
    HttpServer::{
        HTTP_REQUEST_FLAG_HTTP2, HTTP_REQUEST_FLAG_HTTP3, HTTP_REQUEST_FLAG_MORE_ENTITY_BODY_EXISTS,
        HTTP_REQUEST_V2, HTTP_SSL_CLIENT_CERT_INFO, HTTP_SSL_INFO,
    },
    WinSock::{AF_INET, AF_INET6, SOCKADDR, SOCKADDR_IN, SOCKADDR_IN6},
};

use crate::native::Context;

/// The names of the fields that HTTP.sys knows, by their numbers (`HTTP_HEADER_ID`).
const KNOWN_FIELDS: [&str; 41] = [
    "cache-control",
    "connection",
    "date",
    "keep-alive",
    "pragma",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "warning",
    "allow",
    "content-length",
    "content-type",
    "content-encoding",
    "content-language",
    "content-location",
    "content-md5",
    "content-range",
    "expires",
    "last-modified",
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "authorization",
    "cookie",
    "expect",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "proxy-authorization",
    "referer",
    "range",
    "te",
    "translate",
    "user-agent",
];

/// A request as HTTP.sys laid it out, for as long as the context is borrowed.
#[derive(Clone, Copy)]
pub(super) struct RawRequest<'a> {
    request: &'a HTTP_REQUEST_V2,
}

impl<'a> RawRequest<'a> {
    pub(super) fn new(context: &'a Context) -> Option<Self> {
        context.raw_request().map(|request| Self { request })
    }

    /// The target as the client sent it.
    pub(super) fn raw_url(&self) -> &'a [u8] {
        let base = &self.request.Base;
        // SAFETY: HTTP.sys gives pointer and length of one text.
        unsafe { bytes(base.pRawUrl, base.RawUrlLength.into()) }
    }

    /// The fields, those that HTTP.sys knows first.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let headers = &self.request.Base.Headers;
        let known = KNOWN_FIELDS.iter().zip(&headers.KnownHeaders).filter_map(|(name, field)| {
            // SAFETY: HTTP.sys gives pointer and length of one text.
            let value = unsafe { bytes(field.pRawValue, field.RawValueLength.into()) };
            (!field.pRawValue.is_null()).then_some((name.as_bytes(), value))
        });
        // SAFETY: HTTP.sys gives pointer and length of one array.
        let unknown = unsafe { array(headers.pUnknownHeaders, headers.UnknownHeaderCount.into()) };
        known.chain(unknown.iter().map(|field| {
            // SAFETY: HTTP.sys gives pointers and lengths of two texts.
            unsafe {
                (
                    bytes(field.pName, field.NameLength.into()),
                    bytes(field.pRawValue, field.RawValueLength.into()),
                )
            }
        }))
    }

    pub(super) fn request_id(&self) -> u64 {
        self.request.Base.RequestId
    }

    /// The number of the client's connection; behind a tunnel that of the connection inside it.
    pub(super) fn connection_id(&self) -> u64 {
        match self.request.Base.RawConnectionId {
            0 => self.request.Base.ConnectionId,
            raw => raw,
        }
    }

    pub(super) fn is_http2(&self) -> bool {
        self.has_flag(HTTP_REQUEST_FLAG_HTTP2)
    }

    pub(super) fn is_http3(&self) -> bool {
        self.has_flag(HTTP_REQUEST_FLAG_HTTP3)
    }

    pub(super) fn has_more_body(&self) -> bool {
        self.has_flag(HTTP_REQUEST_FLAG_MORE_ENTITY_BODY_EXISTS) || self.request.Base.EntityChunkCount > 0
    }

    pub(super) fn is_https(&self) -> bool {
        self.tls().is_some()
    }

    /// The client's certificate, DER, if it has been asked for one.
    pub(super) fn client_certificate(&self) -> Option<&'a [u8]> {
        let info: *const HTTP_SSL_CLIENT_CERT_INFO = self.tls()?.pClientCertInfo;
        // SAFETY: null, or what HTTP.sys knows of the certificate.
        let info = unsafe { info.as_ref()? };
        // SAFETY: HTTP.sys gives pointer and length of one certificate.
        let der = unsafe { bytes(info.pCertEncoded, usize::try_from(info.CertEncodedSize).ok()?) };
        (!der.is_empty()).then_some(der)
    }

    /// The pieces of further information, by their type.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (i32, &'a [u8])> {
        // SAFETY: HTTP.sys gives pointer and length of one array.
        let pieces = unsafe { array(self.request.pRequestInfo, self.request.RequestInfoCount.into()) };
        pieces.iter().map(|piece| {
            // SAFETY: HTTP.sys gives pointer and length of one structure.
            let content = unsafe { bytes(piece.pInfo.cast(), piece.InfoLength.try_into().unwrap_or(0)) };
            (piece.InfoType, content)
        })
    }

    pub(super) fn remote_address(&self) -> Option<SocketAddr> {
        // SAFETY: null, or a socket address.
        unsafe { socket_address(self.request.Base.Address.pRemoteAddress) }
    }

    pub(super) fn local_address(&self) -> Option<SocketAddr> {
        // SAFETY: null, or a socket address.
        unsafe { socket_address(self.request.Base.Address.pLocalAddress) }
    }

    fn tls(&self) -> Option<&'a HTTP_SSL_INFO> {
        // SAFETY: null, or what HTTP.sys knows of TLS.
        unsafe { self.request.Base.pSslInfo.as_ref() }
    }

    fn has_flag(&self, flag: u32) -> bool {
        self.request.Base.Flags & flag != 0
    }
}

/// # Safety
/// `start` is null, or points to `length` bytes that live as long as the request.
unsafe fn bytes<'a>(start: *const u8, length: usize) -> &'a [u8] {
    // SAFETY: as the caller says.
    unsafe { array(start, length) }
}

/// # Safety
/// `start` is null, or points to `length` values that live as long as the request.
unsafe fn array<'a, T>(start: *const T, length: usize) -> &'a [T] {
    if start.is_null() {
        return &[];
    }
    // SAFETY: as the caller says.
    unsafe { slice::from_raw_parts(start, length) }
}

/// # Safety
/// `address` is null, or points to a socket address of the family that it names.
unsafe fn socket_address(address: *const SOCKADDR) -> Option<SocketAddr> {
    // SAFETY: every family begins with its number.
    match unsafe { address.as_ref()? }.sa_family {
        AF_INET => {
            // SAFETY: the family says so.
            let address = unsafe { &*address.cast::<SOCKADDR_IN>() };
            // SAFETY: all views of the four bytes are valid.
            let ip = Ipv4Addr::from(unsafe { address.sin_addr.S_un.S_addr }.to_ne_bytes());
            Some(SocketAddr::new(IpAddr::V4(ip), u16::from_be(address.sin_port)))
        }
        AF_INET6 => {
            // SAFETY: the family says so.
            let address = unsafe { &*address.cast::<SOCKADDR_IN6>() };
            // SAFETY: all views of the sixteen bytes are valid.
            let ip = Ipv6Addr::from(unsafe { address.sin6_addr.u.Byte });
            Some(SocketAddr::new(IpAddr::V6(ip), u16::from_be(address.sin6_port)))
        }
        _ => None,
    }
}
