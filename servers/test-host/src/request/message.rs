//! The head of the request, and how its body is framed.

use falconry_features::{PlainRequest, RequestBody};
use http::{
    HeaderMap, HeaderValue, Method, Version,
    header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING},
};
use http_body::Body;

use super::{Outgoing, target::Target};
use crate::{TestError, options::BaseAddress};

/// The request as the application's features will show it, and what else they need to know.
pub(crate) struct Message {
    /// Without its body.
    pub(crate) request: PlainRequest,
    pub(crate) body: RequestBody,
    pub(crate) content_length: Option<u64>,
    pub(crate) can_have_body: bool,
    pub(crate) is_upgradable: bool,
    pub(crate) is_extended_connect: bool,
}

/// Makes the request that a server would receive.
pub(crate) fn message(outgoing: &mut Outgoing, base: &BaseAddress) -> Result<Message, TestError> {
    let version = outgoing.version;
    let is_connect = outgoing.method == Method::CONNECT;
    let is_extended_connect = is_connect && outgoing.protocol.is_some();
    if outgoing.protocol.is_some() && !(is_connect && version >= Version::HTTP_2) {
        return Err(TestError::invalid_request(
            "a protocol can be given only to a CONNECT request of HTTP/2 or HTTP/3",
        ));
    }
    let target = Target::parse(&outgoing.target, &outgoing.method, is_extended_connect, base)?;
    let mut headers = std::mem::take(&mut outgoing.headers);
    let mut body = outgoing.body.take();
    if outgoing.trailers.is_some() {
        body.get_or_insert_default();
    }
    frame(&mut headers, body.as_ref(), outgoing.trailers.is_some(), version);
    let content_length = content_length(&headers)?;
    let body = body.unwrap_or_default();
    let has_body = outgoing.trailers.is_some() || (content_length != Some(0) && !body.is_end_stream());
    Ok(Message {
        content_length,
        can_have_body: has_body && !is_extended_connect,
        is_upgradable: version == Version::HTTP_11 && !has_body && asks_for_upgrade(&headers),
        is_extended_connect,
        body,
        request: PlainRequest {
            version,
            scheme: target.scheme,
            method: outgoing.method.clone(),
            path_base: target.path_base,
            path: target.path,
            query_string: target.query,
            raw_target: target.raw,
            headers: with_host(headers, &target.host)?,
            body: RequestBody::empty(),
        },
    })
}

/// Says how long the body is, unless the caller did: by length, or in chunks on HTTP/1.1.
fn frame(headers: &mut HeaderMap, body: Option<&RequestBody>, has_trailers: bool, version: Version) {
    let Some(body) = body else { return };
    let length = if has_trailers && version == Version::HTTP_11 { None } else { body.size_hint().exact() };
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    } else if let Some(length) = length {
        headers.entry(CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
    } else if has_trailers || !headers.contains_key(CONTENT_LENGTH) {
        headers.remove(CONTENT_LENGTH);
        if version == Version::HTTP_11 {
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
    }
}

fn content_length(headers: &HeaderMap) -> Result<Option<u64>, TestError> {
    let Some(value) = headers.get(CONTENT_LENGTH) else { return Ok(None) };
    let digits = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.and_then(|digits| digits.parse().ok()) {
        Some(length) => Ok(Some(length)),
        None => Err(TestError::invalid_request(format!(
            "the Content-Length {value:?} is not a number of bytes; a server would refuse the request"
        ))),
    }
}

fn asks_for_upgrade(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|option| option.trim().eq_ignore_ascii_case("upgrade"))
}

/// Puts `Host` first, as clients do, unless the caller set it.
fn with_host(headers: HeaderMap, host: &str) -> Result<HeaderMap, TestError> {
    if headers.contains_key(HOST) {
        return Ok(headers);
    }
    let host = HeaderValue::from_str(host)
        .map_err(|error| TestError::invalid_request("the host is not valid").with_source(error.into()))?;
    let mut all = HeaderMap::with_capacity(headers.len() + 1);
    all.insert(HOST, host);
    all.extend(headers);
    Ok(all)
}
