//! The request: a plain one, whose storage outlives its exchange.

use falconry_features::{PlainRequest, RequestBody};
use http::{HeaderMap, Method};

use super::Malformed;
use crate::{
    driver::DriverRequest,
    request::{decode_target, split_path_base},
};

/// Fills the request; `path_base` is that of the prefix that it fits.
pub(super) fn fill(
    own: &mut PlainRequest,
    request: &mut DriverRequest,
    body: RequestBody,
    path_base: Option<&str>,
) -> Result<(), Malformed> {
    own.version = request.version;
    own.method = std::mem::take(&mut request.verb);
    std::mem::swap(&mut own.headers, &mut request.headers);
    own.body = body;
    set(&mut own.scheme, if request.is_https { "https" } else { "http" });
    own.raw_target = std::mem::take(&mut request.raw_url);
    let query = decode_target(&own.method, &own.raw_target, &mut own.path).map_err(|_| Malformed)?;
    set(&mut own.query_string, query);
    if let Some(length) = path_base.and_then(|base| split_path_base(&own.path, base))
        && length > 0
    {
        // In the casing of the request.
        own.path_base.push_str(&own.path[..length]);
        own.path.drain(..length);
    }
    Ok(())
}

/// Empties the request.
pub(super) fn clear(own: &mut PlainRequest) {
    own.method = Method::GET;
    if own.headers.capacity() > 0 {
        own.headers = HeaderMap::new();
    }
    own.body = RequestBody::empty();
    for text in [&mut own.path_base, &mut own.path, &mut own.query_string, &mut own.raw_target] {
        text.clear();
    }
}

fn set(text: &mut String, value: &str) {
    text.clear();
    text.push_str(value);
}
