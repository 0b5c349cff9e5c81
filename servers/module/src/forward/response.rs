//! The backend's answer as the client gets it.

use std::time::Duration;

use falconry_features::{
    FeatureCollection, HttpRequestFeature, HttpResponseFeature, HttpResponseTrailersFeature, ReasonPhrase,
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Version,
    header::{CONNECTION, CONTENT_LENGTH, TRAILER, TRANSFER_ENCODING, UPGRADE},
    response::Parts,
};

use super::{
    ForwardError, ForwardOptions,
    fields::{self, Nominated},
    request::front,
};

/// How long the other direction of a connection whose one direction has ended is kept: a client on HTTP/1 that has
/// ended its sending side may have left, or only have no more to say.
pub(super) const HALF_CLOSED_GRACE: Duration = Duration::from_secs(2);

/// Makes the backend's head the head of the response.
pub(super) fn set_head(
    features: &mut FeatureCollection,
    mut parts: Parts,
    nominated: &Nominated,
    options: &ForwardOptions,
) -> Result<(), ForwardError> {
    let request = features.required::<dyn HttpRequestFeature>().map_err(front)?;
    let is_http1 = request.version() < Version::HTTP_2;
    let is_head = *request.method() == Method::HEAD;
    let takes_trailers = features.contains::<dyn HttpResponseTrailersFeature>();
    let closes = is_http1
        && options.forward_response_connection_header
        && fields::options(&parts.headers, &CONNECTION).any(|option| option.eq_ignore_ascii_case("close"));
    retain_end_to_end(&mut parts.headers, nominated, parts.status, is_http1, is_head);
    if !takes_trailers {
        parts.headers.remove(TRAILER);
    }
    if closes {
        parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let reason = parts.extensions.get::<hyper::ext::ReasonPhrase>().and_then(|reason| {
        let reason = std::str::from_utf8(reason.as_bytes()).ok()?;
        ReasonPhrase::new(reason).ok()
    });
    let response = features.required_mut::<dyn HttpResponseFeature>().map_err(front)?;
    let head = response.head_mut().map_err(front)?;
    head.status = parts.status;
    head.reason = reason;
    if head.headers.is_empty() {
        head.headers = parts.headers;
        return Ok(());
    }
    // What middleware of the front has set stays, unless the backend says something else.
    let mut previous = None;
    for (name, value) in parts.headers {
        match name.or_else(|| previous.clone()) {
            Some(name) if previous.as_ref() == Some(&name) => {
                head.headers.append(name, value);
            }
            Some(name) => {
                head.headers.insert(&name, value);
                previous = Some(name);
            }
            None => {}
        }
    }
    Ok(())
}

/// Takes out what was for the module only.
pub(super) fn retain_end_to_end(
    headers: &mut HeaderMap,
    nominated: &Nominated,
    status: StatusCode,
    is_http1: bool,
    is_head: bool,
) {
    // A client that is told to upgrade must be told to what (RFC 9110 section 15.5.22).
    let protocols =
        (status == StatusCode::UPGRADE_REQUIRED && is_http1).then(|| headers.get(UPGRADE).cloned());
    let length = content_length(headers, status, is_head);
    let dropped: Vec<_> = headers
        .keys()
        .filter(|name| fields::is_hop_by_hop(name) || nominated.contains(name) || fields::is_reserved(name))
        .cloned()
        .collect();
    for name in dropped {
        headers.remove(&name);
    }
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, length);
    }
    if let Some(protocols) = protocols.flatten() {
        headers.insert(UPGRADE, protocols);
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    }
}

/// The length that the client is told: one, and none beside another framing or where there is no body (RFC 9110
/// section 8.6). hyper has seen that all that there are say the same.
fn content_length(headers: &HeaderMap, status: StatusCode, is_head: bool) -> Option<HeaderValue> {
    let is_bodyless =
        matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT) || status.is_informational();
    if is_bodyless || (headers.contains_key(TRANSFER_ENCODING) && !is_head) {
        return None;
    }
    let length = headers.get(CONTENT_LENGTH)?.to_str().ok()?;
    let length = length.split(',').next()?.trim();
    let length: u64 =
        length.bytes().all(|byte| byte.is_ascii_digit()).then(|| length.parse().ok()).flatten()?;
    Some(length.into())
}
