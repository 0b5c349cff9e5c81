//! The fields of a request: known ones by their number, others by name.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use windows_sys::Win32::Networking::HttpServer::HTTP_REQUEST_HEADERS;

use super::{bytes, list};

/// By `HTTP_HEADER_ID`.
static KNOWN: [HeaderName; 41] = [
    header::CACHE_CONTROL,
    header::CONNECTION,
    header::DATE,
    HeaderName::from_static("keep-alive"),
    header::PRAGMA,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::VIA,
    header::WARNING,
    header::ALLOW,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    HeaderName::from_static("content-md5"),
    header::CONTENT_RANGE,
    header::EXPIRES,
    header::LAST_MODIFIED,
    header::ACCEPT,
    header::ACCEPT_CHARSET,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::AUTHORIZATION,
    header::COOKIE,
    header::EXPECT,
    header::FROM,
    header::HOST,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
    header::MAX_FORWARDS,
    header::PROXY_AUTHORIZATION,
    header::REFERER,
    header::RANGE,
    header::TE,
    HeaderName::from_static("translate"),
    header::USER_AGENT,
];

/// All fields; `None` if one is none.
///
/// # Safety
/// Pointers and lengths fit together, and nobody writes there.
pub(super) unsafe fn read(native: &HTTP_REQUEST_HEADERS) -> Option<HeaderMap> {
    // SAFETY: as the caller says; here and below.
    let unknown = unsafe { list(native.pUnknownHeaders, native.UnknownHeaderCount) };
    let known = KNOWN.iter().zip(&native.KnownHeaders).filter(|(_, field)| !field.pRawValue.is_null());
    let mut headers = HeaderMap::with_capacity(known.clone().count() + unknown.len());
    for (name, field) in known {
        // SAFETY: as above.
        let value = unsafe { bytes(field.pRawValue, field.RawValueLength) };
        headers.append(name, HeaderValue::from_bytes(value).ok()?);
    }
    for field in unknown {
        // SAFETY: as above.
        let (name, value) =
            unsafe { (bytes(field.pName, field.NameLength), bytes(field.pRawValue, field.RawValueLength)) };
        headers.append(HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?);
    }
    Some(headers)
}
