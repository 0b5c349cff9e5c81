//! [`HttpRequest`]: an `HTTP_REQUEST`, read.

use std::{collections::BTreeMap, fmt, net::SocketAddr};

use bytes::Bytes;
use http::{HeaderMap, Method, Version};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_REQUEST_FLAG_HTTP2, HTTP_REQUEST_FLAG_HTTP3, HTTP_REQUEST_FLAG_MORE_ENTITY_BODY_EXISTS,
    HTTP_REQUEST_INFO, HTTP_REQUEST_INFO_TYPE, HTTP_REQUEST_V2, HttpRequestInfoTypeRequestTiming,
    HttpRequestInfoTypeSslProtocol,
};

use crate::{
    NativeTls, address, certificate, fields, info,
    memory::{bytes, list, one, wide_text},
    method, tls,
};

/// An `HTTP_REQUEST` (version 2) as HTTP.sys laid it out, for as long as that stays.
///
/// ```
/// use falconry_httpapi::HttpRequest;
/// use windows_sys::Win32::Networking::HttpServer::{HTTP_REQUEST_V2, HttpVerbGET};
///
/// let mut native = HTTP_REQUEST_V2::default();
/// native.Base.Verb = HttpVerbGET;
/// native.Base.Version.MajorVersion = 1;
/// // SAFETY: all its pointers are null.
/// let request = unsafe { HttpRequest::new(&native) };
/// assert_eq!(request.method(), Some(http::Method::GET));
/// assert_eq!(request.version(), http::Version::HTTP_10);
/// ```
#[derive(Clone, Copy)]
pub struct HttpRequest<'a> {
    native: &'a HTTP_REQUEST_V2,
}

impl<'a> HttpRequest<'a> {
    /// # Safety
    /// The pointers of the request are null, or lead to what their lengths and types say; and nobody writes there
    /// during `'a`.
    pub unsafe fn new(native: &'a HTTP_REQUEST_V2) -> Self {
        Self { native }
    }

    /// The number of the request (`RequestId`).
    pub fn request_id(&self) -> u64 {
        self.native.Base.RequestId
    }

    /// The number of the connection (`ConnectionId`).
    pub fn connection_id(&self) -> u64 {
        self.native.Base.ConnectionId
    }

    /// The number of the connection of TCP that may carry several of HTTP (`RawConnectionId`); 0 if unknown.
    pub fn raw_connection_id(&self) -> u64 {
        self.native.Base.RawConnectionId
    }

    /// What the prefix was registered with that the request fits (`UrlContext`).
    pub fn url_context(&self) -> u64 {
        self.native.Base.UrlContext
    }

    /// The method; `None` if HTTP does not allow it.
    pub fn method(&self) -> Option<Method> {
        let base = &self.native.Base;
        let known = method::by_number(base.Verb).map(str::as_bytes);
        // SAFETY: as `new` was told.
        let unknown = || unsafe { bytes(base.pUnknownVerb, base.UnknownVerbLength.into()) };
        Method::from_bytes(known.unwrap_or_else(unknown)).ok()
    }

    /// The version. On HTTP/2 and HTTP/3 a flag tells it, as programs that do not know them get 1.1.
    pub fn version(&self) -> Version {
        if self.has_flag(HTTP_REQUEST_FLAG_HTTP3) {
            return Version::HTTP_3;
        }
        if self.has_flag(HTTP_REQUEST_FLAG_HTTP2) {
            return Version::HTTP_2;
        }
        match (self.native.Base.Version.MajorVersion, self.native.Base.Version.MinorVersion) {
            (3, _) => Version::HTTP_3,
            (2, _) => Version::HTTP_2,
            (1, 0) => Version::HTTP_10,
            _ => Version::HTTP_11,
        }
    }

    /// The target as it was sent (`pRawUrl`).
    pub fn raw_url(&self) -> &'a [u8] {
        let base = &self.native.Base;
        // SAFETY: as `new` was told.
        unsafe { bytes(base.pRawUrl, base.RawUrlLength.into()) }
    }

    /// Host and port of the cooked URL; empty if it has none.
    pub fn cooked_host(&self) -> String {
        let url = &self.native.Base.CookedUrl;
        // SAFETY: as `new` was told.
        unsafe { wide_text(url.pHost, url.HostLength) }
    }

    /// The fields, those that have a number first; `None` if HTTP does not allow one of them.
    pub fn headers(&self) -> Option<HeaderMap> {
        // SAFETY: as `new` was told.
        unsafe { fields::read(&self.native.Base.Headers) }
    }

    /// This end of the connection.
    pub fn local_address(&self) -> Option<SocketAddr> {
        // SAFETY: as `new` was told.
        unsafe { address::read(self.native.Base.Address.pLocalAddress) }
    }

    /// The client's end.
    pub fn remote_address(&self) -> Option<SocketAddr> {
        // SAFETY: as `new` was told.
        unsafe { address::read(self.native.Base.Address.pRemoteAddress) }
    }

    /// True if there is a body that has not been handed over (`HTTP_REQUEST_FLAG_MORE_ENTITY_BODY_EXISTS`).
    pub fn has_more_body(&self) -> bool {
        self.has_flag(HTTP_REQUEST_FLAG_MORE_ENTITY_BODY_EXISTS)
    }

    /// True if some of the body has come with the request (`pEntityChunks`).
    pub fn has_entity_chunks(&self) -> bool {
        self.native.Base.EntityChunkCount > 0
    }

    /// What TLS has agreed on; `None` on a connection in clear.
    pub fn tls(&self) -> Option<NativeTls> {
        // SAFETY: as `new` was told.
        let native = unsafe { one(self.native.Base.pSslInfo) }?;
        // SAFETY: as above.
        let client_certificate = unsafe { certificate(native.pClientCertInfo) };
        let protocol = self.info_bytes(HttpRequestInfoTypeSslProtocol).and_then(tls::version);
        Some(NativeTls { protocol, client_certificate })
    }

    /// The pieces of further information (`HTTP_REQUEST_INFO`) by their type, as the native structures are laid out.
    pub fn infos(&self) -> BTreeMap<u32, Bytes> {
        // SAFETY: as `new` was told.
        unsafe { info::read(self.native) }
    }

    /// The structure of the information of this type, if it is there and as long as that.
    ///
    /// # Safety
    /// `T` is what information of this type is, and any bytes are one.
    pub unsafe fn info<T: Copy>(&self, kind: HTTP_REQUEST_INFO_TYPE) -> Option<T> {
        let content = self.info_bytes(kind)?;
        // SAFETY: it is as long; and as the caller says.
        (content.len() >= size_of::<T>()).then(|| unsafe { content.as_ptr().cast::<T>().read_unaligned() })
    }

    /// When the system has done what with the request, in ticks, 0 where it has not; see
    /// [`RequestTimingType`](falconry_features::RequestTimingType) and [`ticks_per_second`](crate::ticks_per_second).
    /// Empty if the system does not tell.
    pub fn timestamps(&self) -> Vec<i64> {
        self.info_bytes(HttpRequestInfoTypeRequestTiming).map(info::timestamps).unwrap_or_default()
    }

    fn info_bytes(&self, kind: HTTP_REQUEST_INFO_TYPE) -> Option<&'a [u8]> {
        // SAFETY: as `new` was told.
        let infos: Vec<HTTP_REQUEST_INFO> =
            unsafe { list(self.native.pRequestInfo, self.native.RequestInfoCount) };
        let info = infos.iter().find(|info| info.InfoType == kind && !info.pInfo.is_null())?;
        // SAFETY: as above.
        Some(unsafe { bytes(info.pInfo.cast(), usize::try_from(info.InfoLength).ok()?) })
    }

    fn has_flag(&self, flag: u32) -> bool {
        self.native.Base.Flags & flag != 0
    }
}

impl fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest").field("request_id", &self.request_id()).finish_non_exhaustive()
    }
}
