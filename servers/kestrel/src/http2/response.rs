//! The head of a response as HTTP/2 sends it.

use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{CONNECTION, CONTENT_LENGTH, DATE, Entry, SERVER, TE, TRANSFER_ENCODING, UPGRADE},
};
use http_body::Body;

use crate::{date, exchange::ResponseBody};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Splits a response into its head, fit for HTTP/2, and its body.
pub(crate) fn into_head(response: Response<ResponseBody>, is_head: bool) -> (Response<()>, ResponseBody) {
    let (mut parts, body) = response.into_parts();
    remove_connection_fields(&mut parts.headers);
    // A body that is whole says how long it is, unless the application has.
    if may_have_length(parts.status, is_head)
        && let Some(length) = body.size_hint().exact()
        && let Entry::Vacant(entry) = parts.headers.entry(CONTENT_LENGTH)
    {
        entry.insert(HeaderValue::from(length));
    }
    add_date(&mut parts.headers);
    (Response::from_parts(parts, ()), body)
}

/// An answer of the server itself.
pub(crate) fn refusal(status: StatusCode, adds_server: bool) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    if adds_server {
        headers.insert(SERVER, HeaderValue::from_static("Kestrel"));
    }
    add_date(headers);
    response
}

/// Section 8.2.2: what belongs to a connection of HTTP/1 has no place here.
pub(crate) fn remove_connection_fields(headers: &mut HeaderMap) {
    for name in [&CONNECTION, &TRANSFER_ENCODING, &UPGRADE, &KEEP_ALIVE, &PROXY_CONNECTION] {
        if headers.remove(name).is_some() {
            tracing::warn!(
                name = name.as_str(),
                "InvalidResponseHeaderRemoved: the field does not exist in HTTP/2"
            );
        }
    }
    if headers.get(TE).is_some_and(|te| te != "trailers") {
        headers.remove(TE);
    }
}

/// RFC 7541 section 7.1: fields that are in no table cannot be guessed by what they compress to.
pub(super) fn keep_out_of_tables(headers: &mut HeaderMap) {
    headers.values_mut().for_each(|value| value.set_sensitive(true));
}

fn may_have_length(status: StatusCode, is_head: bool) -> bool {
    !is_head
        && !status.is_informational()
        && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

fn add_date(headers: &mut HeaderMap) {
    if let Entry::Vacant(entry) = headers.entry(DATE) {
        entry.insert(date::now());
    }
}
