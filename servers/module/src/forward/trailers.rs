//! The fields after a body, in both directions.

use http::{HeaderMap, HeaderName};

use super::fields;

/// Takes out what may not stand behind a body (RFC 9110 section 6.5.1): a recipient that merges trailers into the
/// fields must not be told another framing, route, origin or identity by them.
pub(super) fn retain_forwardable(trailers: &mut HeaderMap) {
    let refused: Vec<HeaderName> = trailers.keys().filter(|name| !is_forwardable(name)).cloned().collect();
    for name in refused {
        trailers.remove(&name);
    }
}

fn is_forwardable(name: &HeaderName) -> bool {
    !fields::is_hop_by_hop(name)
        && !fields::is_reserved(name)
        && !matches!(
            name.as_str(),
            "authorization"
                | "cache-control"
                | "content-encoding"
                | "content-range"
                | "content-type"
                | "cookie"
                | "expect"
                | "host"
                | "max-forwards"
                | "proxy-authorization"
                | "range"
                | "set-cookie"
                | "trailer"
                | "x-forwarded-for"
                | "x-forwarded-host"
                | "x-forwarded-prefix"
                | "x-forwarded-proto"
        )
}
