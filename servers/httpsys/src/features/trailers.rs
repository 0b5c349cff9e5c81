//! Trailers of responses, of which HTTP.sys refuses some names.

use falconry_features::{FeatureError, HttpResponseTrailersFeature, PlainResponseTrailers};
use http::HeaderMap;

/// Fields that may not come as trailers: they are about framing, routing, authentication or the content itself
/// (RFC 9110 section 6.5.1).
const DISALLOWED: &[&str] = &[
    "age",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "expect",
    "expires",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "location",
    "max-forwards",
    "pragma",
    "proxy-authenticate",
    "proxy-authorization",
    "range",
    "retry-after",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "vary",
    "warning",
    "www-authenticate",
];

/// The trailers; those with names that may not be are an error of the response's end.
#[derive(Debug, Default)]
pub(super) struct CheckedTrailers {
    plain: PlainResponseTrailers,
}

impl CheckedTrailers {
    pub(super) fn clear(&mut self) {
        self.plain.recycle();
    }
}

impl HttpResponseTrailersFeature for CheckedTrailers {
    fn trailers(&self) -> &HeaderMap {
        self.plain.trailers()
    }

    fn trailers_mut(&mut self) -> Result<&mut HeaderMap, FeatureError> {
        self.plain.trailers_mut()
    }

    fn take_for_sending(&mut self) -> Option<HeaderMap> {
        // What may not be a trailer is not left out but fails the response.
        let trailers = self.plain.trailers_mut().ok()?.clone();
        self.plain.take_for_sending();
        (!trailers.is_empty()).then_some(trailers)
    }
}

/// Refuses trailers that may not be.
pub(super) fn check(trailers: &HeaderMap) -> Result<(), FeatureError> {
    match trailers.keys().find(|name| DISALLOWED.binary_search(&name.as_str()).is_ok()) {
        Some(name) => Err(FeatureError::invalid_state(format!(
            "the field {name} may not be sent as a trailer; send it with the head of the response"
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn the_names_are_in_order_so_that_each_is_found() {
        assert!(DISALLOWED.is_sorted());
        for name in DISALLOWED {
            let mut trailers = HeaderMap::new();
            trailers.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
            assert!(check(&trailers).unwrap_err().is_invalid_state(), "{name}");
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("x-checksum", HeaderValue::from_static("1"));
        assert!(check(&trailers).is_ok());
    }
}
