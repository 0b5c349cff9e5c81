//! What h2 lets pass of a request and RFC 9113 does not, and what is limited.

use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Uri,
    header::{CONTENT_LENGTH, COOKIE, HOST},
    request::Parts,
    uri::{Authority, PathAndQuery},
};

use crate::{
    KestrelServerOptions,
    http1::{is_authority, is_connect_authority, is_same_authority, is_valid_host},
};

/// Why a request does not reach the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A stream error PROTOCOL_ERROR (RFC 9113 section 8.1.1).
    Malformed(&'static str),
    /// An answer without a body.
    Status(StatusCode),
}

/// Checks a request and brings it into the form that applications see: the authority as Host, one
/// Cookie field, and a target without the authority. Gives the scheme where it is not the transport's.
pub(crate) fn prepare(
    parts: &mut Parts,
    scheme: &'static str,
    options: &KestrelServerOptions,
    max_field_size: u32,
) -> Result<Option<String>, Refusal> {
    check_limits(parts, options, max_field_size)?;
    check_fields(&parts.headers)?;
    let mut uri = std::mem::take(&mut parts.uri).into_parts();
    let is_tunnel = parts.method == Method::CONNECT && uri.path_and_query.is_none();
    settle_host(&mut parts.headers, uri.authority.as_ref(), is_tunnel, options)?;
    let other_scheme = match &uri.scheme {
        Some(other) if !other.as_str().eq_ignore_ascii_case(scheme) => {
            if !options.allow_alternate_schemes {
                return Err(Refusal::Malformed(":scheme is not that of the connection"));
            }
            Some(other.as_str().to_owned())
        }
        _ => None,
    };
    uri.scheme = None;
    if let Some(target) = &uri.path_and_query {
        check_target(&parts.method, target)?;
        uri.authority = None;
    }
    parts.uri = Uri::from_parts(uri).map_err(|_| Refusal::Malformed("the target has no valid form"))?;
    join_cookies(&mut parts.headers);
    Ok(other_scheme)
}

fn check_limits(parts: &Parts, options: &KestrelServerOptions, max_field_size: u32) -> Result<(), Refusal> {
    let limits = &options.limits;
    let too_large = Err(Refusal::Status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    if parts.headers.len() > limits.max_request_header_count() {
        return too_large;
    }
    let field_size = max_field_size as usize;
    if parts.headers.iter().any(|(name, value)| name.as_str().len() + value.len() > field_size) {
        return too_large;
    }
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let authority = parts.uri.authority().map_or(0, |authority| authority.as_str().len());
    if parts.method.as_str().len() + authority + target > limits.max_request_line_size() {
        return Err(Refusal::Status(StatusCode::URI_TOO_LONG));
    }
    Ok(())
}

/// Section 8.2.1: a value has no white space at its ends. h2 has looked at names and at control
/// characters, and at fields that belong to a connection.
fn check_fields(headers: &HeaderMap) -> Result<(), Refusal> {
    let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    for value in headers.values() {
        let value = value.as_bytes();
        if is_space(value.first()) || is_space(value.last()) {
            return Err(Refusal::Malformed("a field value begins or ends with white space"));
        }
    }
    // RFC 9110 section 8.6: who takes several for one must know that they are the same everywhere.
    if headers.get_all(CONTENT_LENGTH).iter().nth(1).is_some() {
        return Err(Refusal::Malformed("there is more than one Content-Length field"));
    }
    Ok(())
}

/// Section 8.3.1: the authority is what Host would be.
fn settle_host(
    headers: &mut HeaderMap,
    authority: Option<&Authority>,
    is_tunnel: bool,
    options: &KestrelServerOptions,
) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(HOST).iter();
    let (host, another) = (hosts.next(), hosts.next());
    if another.is_some() {
        return Err(Refusal::Malformed("there is more than one Host field"));
    }
    let Some(authority) = authority else {
        return match host {
            _ if is_tunnel => Err(Refusal::Malformed("CONNECT has no :authority")),
            Some(host) if !is_valid_host(host.as_bytes()) => Err(Refusal::Malformed("Host is malformed")),
            _ => Ok(()),
        };
    };
    let authority = authority.as_str().as_bytes();
    let is_valid = if is_tunnel { is_connect_authority(authority) } else { is_authority(authority) };
    if !is_valid {
        return Err(Refusal::Malformed(":authority is malformed"));
    }
    match host {
        Some(host) if host.as_bytes() == authority => return Ok(()),
        Some(host) if options.allow_host_header_override || is_same_host(host, authority) => {}
        Some(_) => return Err(Refusal::Malformed("Host and :authority name different hosts")),
        None => {}
    }
    let value =
        HeaderValue::from_bytes(authority).map_err(|_| Refusal::Malformed(":authority is malformed"))?;
    headers.insert(HOST, value);
    Ok(())
}

/// Two authorities that differ in case or in a port that goes without saying.
fn is_same_host(host: &HeaderValue, authority: &[u8]) -> bool {
    [80, 443].into_iter().any(|port| is_same_authority(host.as_bytes(), authority, port))
}

/// Section 8.3.1: a path from the root, or `*` of OPTIONS.
fn check_target(method: &Method, target: &PathAndQuery) -> Result<(), Refusal> {
    let target = target.as_str();
    if target.starts_with('/') || (target == "*" && *method == Method::OPTIONS) {
        return Ok(());
    }
    Err(Refusal::Malformed(":path is no path"))
}

/// Section 8.2.3: pieces of a cookie are put together again.
fn join_cookies(headers: &mut HeaderMap) {
    if headers.get_all(COOKIE).iter().nth(1).is_none() {
        return;
    }
    let mut joined = Vec::new();
    for piece in headers.get_all(COOKIE) {
        if !joined.is_empty() {
            joined.extend_from_slice(b"; ");
        }
        joined.extend_from_slice(piece.as_bytes());
    }
    // Pieces that were fields make a field.
    if let Ok(joined) = HeaderValue::from_bytes(&joined) {
        headers.insert(COOKIE, joined);
    }
}
