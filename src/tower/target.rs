//! The target of a service's request: path and query, as they were sent if nobody changed them.

use http::Uri;

use crate::{Request, Result};

/// The target after the path base. What the client sent is kept byte for byte; a path that the
/// server normalized or middleware rewrote is encoded anew.
pub(super) fn of(request: Request<'_>) -> Result<Uri> {
    let raw = request.raw_target();
    // `*` and the authority of a CONNECT are no paths.
    if request.path().is_empty() && request.path_base().is_empty() {
        return Ok(raw.parse()?);
    }
    let sent = sent_path(raw);
    let path = after_base(sent, request).map_or_else(|| encoded(request.path()), str::to_owned);
    // A service under a path base always gets a path.
    let slash = if path.starts_with('/') { "" } else { "/" };
    Ok(format!("{slash}{path}{}", request.query_string()).parse()?)
}

/// The path in a target of origin or absolute form.
fn sent_path(raw: &str) -> &str {
    let path = match raw.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => &rest[rest.find(['/', '?']).unwrap_or(rest.len())..],
        _ => raw,
    };
    &path[..path.find(['?', '#']).unwrap_or(path.len())]
}

/// What was sent after the path base, if it still means the request's path.
fn after_base<'a>(sent: &'a str, request: Request<'_>) -> Option<&'a str> {
    let mut expected = request.path_base().bytes().chain(request.path().bytes());
    let mut start = (request.path_base().is_empty()).then_some(0);
    let (mut at, mut decoded) = (0, 0);
    while at < sent.len() {
        let (byte, length) = next(&sent.as_bytes()[at..]);
        if expected.next()? != byte {
            return None;
        }
        at += length;
        decoded += 1;
        if decoded == request.path_base().len() {
            start = Some(at);
        }
    }
    expected.next().is_none().then_some(&sent[start?..])
}

/// The next byte of a path once decoded, and how long it was; `%2F` stays as it is.
fn next(path: &[u8]) -> (u8, usize) {
    let digit = |at: usize| path.get(at).and_then(|digit| char::from(*digit).to_digit(16));
    match (path[0], digit(1), digit(2)) {
        (b'%', Some(high), Some(low)) if (high, low) != (2, 15) => ((high * 16 + low) as u8, 3),
        (byte, ..) => (byte, 1),
    }
}

/// Encodes what a path cannot hold. `%2F` is how a decoded path shows a slash that is no separator.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for (at, byte) in path.bytes().enumerate() {
        let is_slash = path.get(at..at + 3).is_some_and(|text| text.eq_ignore_ascii_case("%2f"));
        if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte) || is_slash {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use falconry_features::{FeatureCollection, HttpRequestFeature, PlainRequest};

    use super::*;
    use crate::HttpContext;

    fn target(raw: &str, base: &str, path: &str, query: &str) -> String {
        let mut request = PlainRequest { raw_target: raw.into(), ..PlainRequest::default() };
        request.set_path_base(base);
        request.set_path(path);
        request.set_query_string(query);
        let mut features = FeatureCollection::new();
        features.set::<dyn HttpRequestFeature>(Box::new(request));
        of(HttpContext::new(features).request()).unwrap().to_string()
    }

    #[test]
    fn a_target_that_nobody_changed_is_kept_as_it_was_sent() {
        assert_eq!(target("/a%20b%2Fc/%c3%a4?x=%41", "", "/a b%2Fc/ä", "?x=%41"), "/a%20b%2Fc/%c3%a4?x=%41");
        assert_eq!(target("http://host:1/a%2Db", "", "/a-b", ""), "/a%2Db");
        assert_eq!(target("*", "", "", ""), "*");
    }

    #[test]
    fn the_path_base_is_taken_off() {
        assert_eq!(target("/%61pp/x%21", "/app", "/x!", ""), "/x%21");
        assert_eq!(target("/app", "/app", "", "?q"), "/?q");
    }

    #[test]
    fn a_path_that_was_changed_is_encoded() {
        assert_eq!(target("/old", "", "/new one%2F%", "?q=1"), "/new%20one%2F%25?q=1");
        assert_eq!(target("/a/../b", "", "/b", ""), "/b");
        assert_eq!(target("/old", "", "/ä", ""), "/%C3%A4");
    }
}
