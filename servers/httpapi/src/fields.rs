//! The fields: known ones by their number, others by name.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use windows_sys::Win32::Networking::HttpServer::HTTP_REQUEST_HEADERS;

use crate::memory::{bytes, list};

/// The fields of a request that go by a number, by `HTTP_HEADER_ID`.
pub static REQUEST_FIELDS: [HeaderName; 41] = [
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

/// The fields of a response that go by a number, by `HTTP_HEADER_ID`.
pub static RESPONSE_FIELDS: [HeaderName; 30] = [
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
    header::ACCEPT_RANGES,
    header::AGE,
    header::ETAG,
    header::LOCATION,
    header::PROXY_AUTHENTICATE,
    header::RETRY_AFTER,
    header::SERVER,
    header::SET_COOKIE,
    header::VARY,
    header::WWW_AUTHENTICATE,
];

/// All fields; `None` if one is none.
///
/// # Safety
/// Pointers and lengths fit together, and nobody writes there.
pub(crate) unsafe fn read(native: &HTTP_REQUEST_HEADERS) -> Option<HeaderMap> {
    // SAFETY: as the caller says; here and below.
    let unknown = unsafe { list(native.pUnknownHeaders, native.UnknownHeaderCount) };
    let known =
        REQUEST_FIELDS.iter().zip(&native.KnownHeaders).filter(|(_, field)| !field.pRawValue.is_null());
    let mut headers = HeaderMap::with_capacity(known.clone().count() + unknown.len());
    for (name, field) in known {
        // SAFETY: as above.
        let value = unsafe { bytes(field.pRawValue, field.RawValueLength.into()) };
        headers.append(name, HeaderValue::from_bytes(value).ok()?);
    }
    for field in unknown {
        // SAFETY: as above.
        let (name, value) = unsafe {
            (bytes(field.pName, field.NameLength.into()), bytes(field.pRawValue, field.RawValueLength.into()))
        };
        headers.append(HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?);
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::Networking::HttpServer as native;

    use super::{REQUEST_FIELDS, RESPONSE_FIELDS};

    /// Each with the number that the system's header gives it.
    macro_rules! assert_numbers {
        ($table:ident, $maximum:ident: $($number:ident $name:literal)*) => {
            let expected = [$((native::$number, $name)),*];
            assert_eq!(expected.len(), native::$maximum as usize);
            assert_eq!($table.len(), native::$maximum as usize);
            for (number, name) in expected {
                assert_eq!($table[number as usize], name);
            }
        };
    }

    #[test]
    fn the_fields_of_requests_have_the_numbers_of_http_h() {
        assert_numbers! { REQUEST_FIELDS, HttpHeaderRequestMaximum:
            HttpHeaderCacheControl "cache-control"
            HttpHeaderConnection "connection"
            HttpHeaderDate "date"
            HttpHeaderKeepAlive "keep-alive"
            HttpHeaderPragma "pragma"
            HttpHeaderTrailer "trailer"
            HttpHeaderTransferEncoding "transfer-encoding"
            HttpHeaderUpgrade "upgrade"
            HttpHeaderVia "via"
            HttpHeaderWarning "warning"
            HttpHeaderAllow "allow"
            HttpHeaderContentLength "content-length"
            HttpHeaderContentType "content-type"
            HttpHeaderContentEncoding "content-encoding"
            HttpHeaderContentLanguage "content-language"
            HttpHeaderContentLocation "content-location"
            HttpHeaderContentMd5 "content-md5"
            HttpHeaderContentRange "content-range"
            HttpHeaderExpires "expires"
            HttpHeaderLastModified "last-modified"
            HttpHeaderAccept "accept"
            HttpHeaderAcceptCharset "accept-charset"
            HttpHeaderAcceptEncoding "accept-encoding"
            HttpHeaderAcceptLanguage "accept-language"
            HttpHeaderAuthorization "authorization"
            HttpHeaderCookie "cookie"
            HttpHeaderExpect "expect"
            HttpHeaderFrom "from"
            HttpHeaderHost "host"
            HttpHeaderIfMatch "if-match"
            HttpHeaderIfModifiedSince "if-modified-since"
            HttpHeaderIfNoneMatch "if-none-match"
            HttpHeaderIfRange "if-range"
            HttpHeaderIfUnmodifiedSince "if-unmodified-since"
            HttpHeaderMaxForwards "max-forwards"
            HttpHeaderProxyAuthorization "proxy-authorization"
            HttpHeaderReferer "referer"
            HttpHeaderRange "range"
            HttpHeaderTe "te"
            HttpHeaderTranslate "translate"
            HttpHeaderUserAgent "user-agent"
        }
    }

    #[test]
    fn the_fields_of_responses_have_the_numbers_of_http_h() {
        assert_numbers! { RESPONSE_FIELDS, HttpHeaderResponseMaximum:
            HttpHeaderCacheControl "cache-control"
            HttpHeaderConnection "connection"
            HttpHeaderDate "date"
            HttpHeaderKeepAlive "keep-alive"
            HttpHeaderPragma "pragma"
            HttpHeaderTrailer "trailer"
            HttpHeaderTransferEncoding "transfer-encoding"
            HttpHeaderUpgrade "upgrade"
            HttpHeaderVia "via"
            HttpHeaderWarning "warning"
            HttpHeaderAllow "allow"
            HttpHeaderContentLength "content-length"
            HttpHeaderContentType "content-type"
            HttpHeaderContentEncoding "content-encoding"
            HttpHeaderContentLanguage "content-language"
            HttpHeaderContentLocation "content-location"
            HttpHeaderContentMd5 "content-md5"
            HttpHeaderContentRange "content-range"
            HttpHeaderExpires "expires"
            HttpHeaderLastModified "last-modified"
            HttpHeaderAcceptRanges "accept-ranges"
            HttpHeaderAge "age"
            HttpHeaderEtag "etag"
            HttpHeaderLocation "location"
            HttpHeaderProxyAuthenticate "proxy-authenticate"
            HttpHeaderRetryAfter "retry-after"
            HttpHeaderServer "server"
            HttpHeaderSetCookie "set-cookie"
            HttpHeaderVary "vary"
            HttpHeaderWwwAuthenticate "www-authenticate"
        }
    }
}
