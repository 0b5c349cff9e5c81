//! What the lines of a head mean together.

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version,
    header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRANSFER_ENCODING, UPGRADE},
};

use super::{
    host::{is_host, is_same_authority},
    line::RequestLine,
};
use crate::{
    BadHttpRequestError, PlainRequest, RequestTarget, TargetForm,
    http1::{bad, has_option, options},
};

/// The head of a request, and what it says about the message and the connection.
#[derive(Debug)]
#[non_exhaustive]
pub struct RequestHead {
    /// The request, without its body.
    pub request: PlainRequest,
    /// How the end of the body is told.
    pub framing: RequestFraming,
    /// True if another request may follow on the connection (RFC 9112 section 9.3).
    pub keep_alive: bool,
    /// True if the client waits for 100 Continue before it sends the body (RFC 9110 section 10.1.1).
    pub expects_continue: bool,
    /// True if the client takes trailers (`TE: trailers`, RFC 9110 section 6.5.1).
    pub accepts_trailers: bool,
    /// True if the client offers to leave HTTP on this connection (RFC 9110 section 7.8).
    pub may_upgrade: bool,
}

/// How the end of a request's body is told (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestFraming {
    /// There is no body.
    None,
    /// By its length in bytes, which is not 0.
    Length(u64),
    /// By the chunked transfer coding.
    Chunked,
}

impl RequestHead {
    pub(super) fn new(line: RequestLine, mut headers: HeaderMap) -> Result<Self, BadHttpRequestError> {
        let RequestLine { method, target, version } = line;
        let is_http11 = version == Version::HTTP_11;
        let is_connect = method == Method::CONNECT;
        check_host(&method, &target, is_http11, &headers)?;
        let framing = framing(&headers, is_http11)?;
        if framing != RequestFraming::None && is_connect {
            // RFC 9110 section 9.3.6: it has none, and nobody agrees on what else it would mean.
            return Err(bad("a CONNECT request has content"));
        }
        if framing == RequestFraming::None && !is_http11 && needs_length(&method, &headers) {
            return Err(bad("an HTTP/1.0 POST or PUT needs a Content-Length"));
        }
        let has_both = framing == RequestFraming::Chunked && set_length_aside(&mut headers);
        let asks_to_stay = match version {
            Version::HTTP_11 => !has_option(&headers, CONNECTION, "close"),
            _ => has_option(&headers, CONNECTION, "keep-alive") && !has_option(&headers, CONNECTION, "close"),
        };
        let expects_continue = is_http11
            && framing != RequestFraming::None
            && headers
                .get(EXPECT)
                .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        let may_upgrade = is_http11
            && framing == RequestFraming::None
            && headers.contains_key(UPGRADE)
            && has_option(&headers, CONNECTION, "upgrade");
        Ok(Self {
            framing,
            // After CONNECT come the octets of a tunnel, or of a client that believes to have one; and where there
            // were two lengths, whoever is in front of us may have believed the other (RFC 9112 section 6.1).
            keep_alive: asks_to_stay && !is_connect && !has_both,
            expects_continue,
            accepts_trailers: is_http11 && has_option(&headers, TE, "trailers"),
            may_upgrade,
            request: PlainRequest::received(method, &target, version, headers)?,
        })
    }
}

/// RFC 9112 sections 3.2 and 3.2.2.
fn check_host(
    method: &Method,
    target: &str,
    is_http11: bool,
    headers: &HeaderMap,
) -> Result<(), BadHttpRequestError> {
    let mut values = headers.get_all(HOST).iter();
    let host = match (values.next(), values.next()) {
        (None, _) if is_http11 => return Err(bad("an HTTP/1.1 request needs a Host field")),
        (None, _) => return Ok(()),
        (Some(_), Some(_)) => return Err(bad("there is more than one Host field")),
        (Some(host), None) => host.to_str().ok().filter(|host| is_host(host)),
    };
    let host = host.ok_or_else(|| bad("the Host field is malformed"))?;
    let parts = RequestTarget::new(method, target);
    let is_same = match (parts.form, parts.authority) {
        (TargetForm::Absolute, Some(authority)) => {
            let is_https = target.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
            is_same_authority(host, authority, if is_https { 443 } else { 80 })
        }
        (TargetForm::Authority, Some(authority)) => host.eq_ignore_ascii_case(authority),
        _ => true,
    };
    if is_same { Ok(()) } else { Err(bad("the Host field differs from the request target")) }
}

/// RFC 9112 section 6.3. What somebody else could read otherwise is refused.
fn framing(headers: &HeaderMap, is_http11: bool) -> Result<RequestFraming, BadHttpRequestError> {
    let length = content_length(headers)?;
    if !headers.contains_key(TRANSFER_ENCODING) {
        return Ok(match length {
            None | Some(0) => RequestFraming::None,
            Some(length) => RequestFraming::Length(length),
        });
    }
    if !is_http11 {
        return Err(bad("HTTP/1.0 has no Transfer-Encoding"));
    }
    let mut codings = options(headers, TRANSFER_ENCODING).filter(|coding| !coding.is_empty());
    match (codings.next(), codings.next(), codings.last()) {
        (Some(coding), None, _) if coding.eq_ignore_ascii_case(b"chunked") => Ok(RequestFraming::Chunked),
        (Some(first), Some(second), last)
            if !first.eq_ignore_ascii_case(b"chunked")
                && last.unwrap_or(second).eq_ignore_ascii_case(b"chunked") =>
        {
            let status = StatusCode::NOT_IMPLEMENTED;
            Err(BadHttpRequestError::new(status, "a transfer coding is not supported"))
        }
        _ => Err(bad("the transfer codings do not end with one chunked")),
    }
}

/// One number of digits alone (RFC 9110 section 8.6) that fits into 63 bits: everything after us counts with signed
/// numbers somewhere. Equal repetitions might be accepted; refusing them hides no disagreement.
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, BadHttpRequestError> {
    let mut values = headers.get_all(CONTENT_LENGTH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let digits = value.to_str().unwrap_or_default();
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && values.next().is_none();
    let length = digits.parse::<i64>().ok().filter(|_| is_number).and_then(|length| length.try_into().ok());
    length.map(Some).ok_or_else(|| bad("the Content-Length is not one number"))
}

fn needs_length(method: &Method, headers: &HeaderMap) -> bool {
    matches!(*method, Method::POST | Method::PUT) && !headers.contains_key(CONTENT_LENGTH)
}

/// A Content-Length beside Transfer-Encoding must not decide anything: the application sees it under another name.
fn set_length_aside(headers: &mut HeaderMap) -> bool {
    let length: Option<HeaderValue> = headers.remove(CONTENT_LENGTH);
    length.map(|length| headers.insert(HeaderName::from_static("x-content-length"), length)).is_some()
}
