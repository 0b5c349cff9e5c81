//! The request line (RFC 9112 section 3).

use http::{Method, StatusCode, Version};

use super::host::{is_authority, is_connect_authority};
use crate::{
    BadHttpRequestError, RequestTarget, TargetForm,
    http1::{bad, chars::is_token},
};

/// No registered method is longer than 17 octets; RFC 9112 section 3 wants 501 for one longer than any implemented.
const MAX_METHOD: usize = 64;

/// A request line in order.
#[derive(Debug)]
pub(super) struct RequestLine {
    pub(super) method: Method,
    pub(super) target: String,
    pub(super) version: Version,
}

impl RequestLine {
    /// Parses a line without its CRLF. Exactly one space stands between the parts: other whitespace is how parsers
    /// come to disagree.
    pub(super) fn parse(line: &[u8]) -> Result<Self, BadHttpRequestError> {
        let mut parts = line.split(|&byte| byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(bad("the request line is malformed"));
        };
        if method.len() > MAX_METHOD {
            return Err(method_too_long());
        }
        let is_method = method.iter().all(|&byte| is_token(byte));
        let method = Method::from_bytes(method).ok().filter(|_| is_method);
        let method = method.ok_or_else(|| bad("the method is no token"))?;
        let version = parse_version(version)?;
        let target = parse_target(&method, target)?;
        Ok(Self { method, target, version })
    }
}

pub(super) fn method_too_long() -> BadHttpRequestError {
    BadHttpRequestError::new(StatusCode::NOT_IMPLEMENTED, "the method is too long")
}

/// Its name is case-sensitive and both numbers are single digits (RFC 9112 section 2.3). HTTP/1.2 and above are
/// served as HTTP/1.1 (RFC 9110 section 2.5).
fn parse_version(version: &[u8]) -> Result<Version, BadHttpRequestError> {
    match version {
        b"HTTP/1.0" => Ok(Version::HTTP_10),
        [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', b'0'..=b'9'] => match major {
            b'1' => Ok(Version::HTTP_11),
            _ => {
                let status = StatusCode::HTTP_VERSION_NOT_SUPPORTED;
                Err(BadHttpRequestError::new(status, "the HTTP version is not supported"))
            }
        },
        _ => Err(bad("the request line is malformed")),
    }
}

/// A path, an absolute URI, `*` of OPTIONS, or host and port of CONNECT (RFC 9112 section 3.2). A fragment is never
/// part of a target; characters that RFC 3986 leaves out but clients send raw do no harm.
fn parse_target(method: &Method, target: &[u8]) -> Result<String, BadHttpRequestError> {
    let is_target = target.iter().all(|&byte| byte.is_ascii_graphic() && byte != b'#');
    let text = std::str::from_utf8(target).ok().filter(|text| is_target && !text.is_empty());
    let text = text.ok_or_else(|| bad("the request target is malformed"))?;
    let parts = RequestTarget::new(method, text);
    let is_allowed = match parts.form {
        // CONNECT has no path.
        TargetForm::Origin => text.starts_with('/') && *method != Method::CONNECT,
        // User information in a URI from elsewhere is there to deceive (RFC 9110 section 4.2.4): it is no authority.
        TargetForm::Absolute => parts.authority.is_some_and(is_authority),
        TargetForm::Authority => is_connect_authority(text),
        TargetForm::Asterisk => *method == Method::OPTIONS,
    };
    if is_allowed { Ok(text.to_owned()) } else { Err(bad("the method cannot have this request target")) }
}
