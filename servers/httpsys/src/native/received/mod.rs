//! From `HTTP_REQUEST_V2`, full of pointers, to [`DriverRequest`].

mod address;
mod fields;
mod tls;
pub(super) mod user;

use std::{collections::BTreeMap, slice};

use bytes::Bytes;
use http::{Method, Version, header::HOST};
use windows_sys::Win32::{
    Networking::HttpServer::{
        HTTP_REQUEST_FLAG_HTTP2, HTTP_REQUEST_FLAG_HTTP3, HTTP_REQUEST_FLAG_MORE_ENTITY_BODY_EXISTS,
        HTTP_REQUEST_INFO, HTTP_REQUEST_TIMING_INFO, HTTP_REQUEST_V1, HTTP_REQUEST_V2,
        HttpRequestInfoTypeRequestTiming,
    },
    System::Performance::QueryPerformanceFrequency,
};

use super::buffer::Buffer;
use crate::driver::DriverRequest;

/// The methods by `HTTP_VERB`, from `HttpVerbOPTIONS` on.
const VERBS: [&[u8]; 17] = [
    b"OPTIONS",
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"TRACE",
    b"CONNECT",
    b"TRACK",
    b"MOVE",
    b"COPY",
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"LOCK",
    b"UNLOCK",
    b"SEARCH",
];
const FIRST_VERB: i32 = windows_sys::Win32::Networking::HttpServer::HttpVerbOPTIONS;

/// The id of a request, of which the beginning is enough.
///
/// # Safety
/// The kernel has written a request into the buffer, or the beginning of one, and does not write any more.
pub(super) unsafe fn request_id(buffer: &Buffer) -> u64 {
    // SAFETY: the buffer is as large as the structure at least, and aligned for it.
    unsafe { (*buffer.as_ptr::<HTTP_REQUEST_V2>()).Base.RequestId }
}

/// The id, and the request unless it has what HTTP does not allow.
///
/// # Safety
/// The kernel has written a whole request into the buffer and does not write any more.
pub(super) unsafe fn read(buffer: &Buffer) -> (u64, Option<DriverRequest>) {
    // SAFETY: as above.
    let native = unsafe { &*buffer.as_ptr::<HTTP_REQUEST_V2>() };
    // SAFETY: the pointers of a request point into its buffer.
    (native.Base.RequestId, unsafe { request(native) })
}

/// # Safety
/// Pointers and lengths fit together, and nobody writes there.
pub(super) unsafe fn request(native: &HTTP_REQUEST_V2) -> Option<DriverRequest> {
    let base = &native.Base;
    // SAFETY: as the caller says; here and in the rest of this function.
    unsafe {
        let headers = fields::read(&base.Headers)?;
        let infos = list(native.pRequestInfo, native.RequestInfoCount);
        let host = wide_text(base.CookedUrl.pHost, base.CookedUrl.HostLength);
        let is_as_in_field = headers.get(HOST).is_some_and(|field| field.as_bytes() == host.as_bytes());
        let tls = tls::read(base.pSslInfo, &infos);
        let mut request = DriverRequest {
            request_id: base.RequestId,
            connection_id: base.ConnectionId,
            raw_connection_id: base.RawConnectionId,
            url_context: base.UrlContext,
            verb: method(base)?,
            version: version(base),
            raw_url: String::from_utf8_lossy(bytes(base.pRawUrl, base.RawUrlLength)).into_owned(),
            is_https: tls.is_some(),
            cooked_host: (!host.is_empty() && !is_as_in_field).then(|| host.into_boxed_str()),
            headers,
            local_address: address::read(base.Address.pLocalAddress),
            remote_address: address::read(base.Address.pRemoteAddress),
            tls: tls.map(Into::into),
            user: user::read(&infos),
            has_body: base.Flags & HTTP_REQUEST_FLAG_MORE_ENTITY_BODY_EXISTS != 0,
            info: infos
                .iter()
                .map(|info| (info.InfoType.unsigned_abs(), info_bytes(info)))
                .collect::<BTreeMap<_, _>>(),
            ..DriverRequest::default()
        };
        add_timing(&mut request, &infos);
        Some(request)
    }
}

unsafe fn method(base: &HTTP_REQUEST_V1) -> Option<Method> {
    let known = usize::try_from(base.Verb - FIRST_VERB).ok().and_then(|verb| VERBS.get(verb).copied());
    // SAFETY: as the caller says.
    Method::from_bytes(known.unwrap_or_else(|| unsafe { bytes(base.pUnknownVerb, base.UnknownVerbLength) }))
        .ok()
}

fn version(base: &HTTP_REQUEST_V1) -> Version {
    if base.Flags & HTTP_REQUEST_FLAG_HTTP3 != 0 {
        return Version::HTTP_3;
    }
    if base.Flags & HTTP_REQUEST_FLAG_HTTP2 != 0 {
        return Version::HTTP_2;
    }
    match (base.Version.MajorVersion, base.Version.MinorVersion) {
        (3, _) => Version::HTTP_3,
        (2, _) => Version::HTTP_2,
        (1, 0) => Version::HTTP_10,
        _ => Version::HTTP_11,
    }
}

unsafe fn info_bytes(info: &HTTP_REQUEST_INFO) -> Bytes {
    if info.pInfo.is_null() {
        return Bytes::new();
    }
    // SAFETY: as the caller says.
    Bytes::copy_from_slice(unsafe { slice::from_raw_parts(info.pInfo.cast(), info.InfoLength as usize) })
}

/// The structure of an info of this type, if there is one and it is as long as that.
unsafe fn info<T: Copy>(infos: &[HTTP_REQUEST_INFO], kind: i32) -> Option<T> {
    let info = infos.iter().find(|info| info.InfoType == kind)?;
    let is_whole = !info.pInfo.is_null() && info.InfoLength as usize >= size_of::<T>();
    // SAFETY: it is as long.
    is_whole.then(|| unsafe { info.pInfo.cast::<T>().read_unaligned() })
}

unsafe fn add_timing(request: &mut DriverRequest, infos: &[HTTP_REQUEST_INFO]) {
    // SAFETY: as the caller says.
    let timing = unsafe { info::<HTTP_REQUEST_TIMING_INFO>(infos, HttpRequestInfoTypeRequestTiming) };
    let Some(timing) = timing else { return };
    let times = timing.RequestTiming.iter().take(timing.RequestTimingCount as usize);
    for (to, from) in request.timestamps.iter_mut().zip(times) {
        *to = i64::try_from(*from).unwrap_or(i64::MAX);
    }
    let mut frequency = 0;
    // SAFETY: the number is written before the function returns.
    unsafe { QueryPerformanceFrequency(&mut frequency) };
    request.frequency = frequency.unsigned_abs();
}

/// A list of structures, which Wine does not always align.
///
/// # Safety
/// There are so many, or the pointer is null.
unsafe fn list<T: Copy>(start: *const T, count: u16) -> Vec<T> {
    let count = if start.is_null() { 0 } else { count.into() };
    // SAFETY: as the caller says.
    (0..count).map(|index| unsafe { start.add(index).read_unaligned() }).collect()
}

/// # Safety
/// There is one, or the pointer is null.
unsafe fn one<T: Copy>(start: *const T) -> Option<T> {
    // SAFETY: as the caller says.
    (!start.is_null()).then(|| unsafe { start.read_unaligned() })
}

/// # Safety
/// There are so many bytes, or the pointer is null.
unsafe fn bytes<'a>(start: *const u8, length: u16) -> &'a [u8] {
    if start.is_null() {
        return &[];
    }
    // SAFETY: as the caller says.
    unsafe { slice::from_raw_parts(start, length.into()) }
}

/// # Safety
/// There are so many bytes of UTF-16, or the pointer is null.
unsafe fn wide_text(start: *const u16, bytes: u16) -> String {
    // SAFETY: as the caller says.
    String::from_utf16_lossy(&unsafe { list(start, bytes / 2) })
}
