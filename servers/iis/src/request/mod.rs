//! The request as IIS has it becomes one of the contract.

mod features;
mod target;

use std::sync::Arc;

use falconry_features::{BadHttpRequestError, PlainConnection, PlainRequest, native_trace_identifier};
use falconry_httpapi::HttpRequest;
use falconry_in_process::{BodyLength, NativeRequest};
use http::{
    HeaderMap, HeaderName, StatusCode, Version,
    header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};

use self::features::fill_features;
pub(crate) use self::target::PathBase;
use crate::exchange::Exchange;

const X_CONTENT_LENGTH: HeaderName = HeaderName::from_static("x-content-length");

/// Copies what IIS knows of the request.
///
/// # Errors
/// The request breaks a rule that IIS lets pass; the answer is the error's status.
pub(crate) fn native_request(
    exchange: &Arc<Exchange>,
    path_base: &PathBase,
) -> Result<NativeRequest, BadHttpRequestError> {
    let context = exchange.context();
    let raw = context.raw_request().ok_or_else(|| bad("IIS has no request"))?;
    let version = raw.version();
    let method = raw.method().ok_or_else(|| bad("the method is malformed"))?;
    let target = std::str::from_utf8(raw.raw_url()).map_err(|_| bad("the target is malformed"))?;
    let mut headers = raw.headers().ok_or_else(|| bad("the name or the value of a field is malformed"))?;
    let (body, is_ambiguous) = body_length(&mut headers, &raw)?;
    if is_ambiguous {
        // RFC 9112 section 6.3: what follows may not be what the client means.
        context.response().set_need_disconnect();
    }
    let mut request = PlainRequest::received(method, target, version, headers)?;
    path_base.apply(&mut request);
    request.scheme = if raw.tls().is_some() { "https" } else { "http" }.to_owned();
    let newest = version >= Version::HTTP_2 && context.response().is_newest(exchange.server());
    let can_upgrade = version == Version::HTTP_11
        && body == BodyLength::None
        && context.server_variable("WEBSOCKET_VERSION").is_some_and(|version| !version.is_empty());
    let mut native = NativeRequest {
        body,
        connection: connection(&raw),
        identifier: Some(native_trace_identifier(raw.request_id())),
        can_upgrade,
        can_reset: newest,
        can_send_trailers: newest,
        ..NativeRequest::new(request)
    };
    fill_features(&mut native.features, exchange, &raw);
    Ok(native)
}

/// What is known of the body, and whether the client said it in two ways: then the length is moved to
/// `X-Content-Length`, as in the original.
fn body_length(
    headers: &mut HeaderMap,
    raw: &HttpRequest<'_>,
) -> Result<(BodyLength, bool), BadHttpRequestError> {
    let is_chunked = headers
        .get_all(TRANSFER_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.rsplit(','))
        .any(|coding| coding.trim().eq_ignore_ascii_case("chunked"));
    if is_chunked {
        let length = headers.remove(CONTENT_LENGTH);
        let is_ambiguous = length.is_some();
        headers.extend(length.map(|length| (X_CONTENT_LENGTH, length)));
        return Ok((BodyLength::Unknown, is_ambiguous));
    }
    let length = match headers.get(CONTENT_LENGTH) {
        Some(value) => {
            let text = value.to_str().ok().filter(|text| text.bytes().all(|digit| digit.is_ascii_digit()));
            text.and_then(|text| text.parse().ok()).ok_or_else(|| bad("Content-Length is no number"))?
        }
        // HTTP/2 and HTTP/3 need no length.
        None if raw.has_more_body() || raw.has_entity_chunks() => return Ok((BodyLength::Unknown, false)),
        None => 0,
    };
    Ok((if length == 0 { BodyLength::None } else { BodyLength::Known(length) }, false))
}

fn connection(raw: &HttpRequest<'_>) -> PlainConnection {
    let (remote, local) = (raw.remote_address(), raw.local_address());
    // Behind a tunnel, that of the connection inside it.
    let number = if raw.raw_connection_id() == 0 { raw.connection_id() } else { raw.raw_connection_id() };
    PlainConnection {
        connection_id: number.to_string(),
        remote_ip_address: remote.map(|address| address.ip()),
        remote_port: remote.map_or(0, |address| address.port()),
        local_ip_address: local.map(|address| address.ip()),
        local_port: local.map_or(0, |address| address.port()),
    }
}

fn bad(message: &'static str) -> BadHttpRequestError {
    BadHttpRequestError::new(StatusCode::BAD_REQUEST, message)
}
