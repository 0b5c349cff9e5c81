//! The target of the request as the backend gets it.

use falconry_features::{HttpRequestFeature, RequestTarget, TargetForm};
use http::{Method, StatusCode, Uri, uri::PathAndQuery};

use super::{ForwardError, request::refused};

/// The target in origin form (RFC 9112 section 3.2.1): as it was sent, with what a URI cannot have percent-encoded.
pub(super) fn uri(request: &dyn HttpRequestFeature) -> Result<Uri, ForwardError> {
    let target = RequestTarget::new(request.method(), request.raw_target());
    let joined;
    let origin = match target.form {
        TargetForm::Origin => request.raw_target(),
        TargetForm::Asterisk => "*",
        TargetForm::Absolute
            if *request.method() == Method::OPTIONS && is_bare(request.raw_target(), &target) =>
        {
            "*"
        }
        TargetForm::Absolute => {
            joined = format!("{}{}", target.path, target.query);
            &joined
        }
        TargetForm::Authority => "/",
    };
    if let Ok(parsed) = PathAndQuery::try_from(origin)
        && parsed.as_str() == origin
        && !origin.bytes().any(must_be_escaped)
    {
        return Ok(parsed.into());
    }
    PathAndQuery::try_from(escape(origin)).map(Uri::from).map_err(|error| {
        refused(StatusCode::BAD_REQUEST, "the request's target has no valid form").with_source(error)
    })
}

/// An absolute URI without path and query stands for `*` in OPTIONS (RFC 9112 section 3.2.4).
fn is_bare(raw: &str, target: &RequestTarget<'_>) -> bool {
    target.query.is_empty() && target.authority.is_some_and(|authority| raw.ends_with(authority))
}

fn must_be_escaped(byte: u8) -> bool {
    !(0x21..=0x7e).contains(&byte) || matches!(byte, b'"' | b'#' | b'<' | b'>' | b'`')
}

fn escape(target: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut escaped = String::with_capacity(target.len() + 16);
    for byte in target.bytes() {
        if must_be_escaped(byte) {
            escaped.push('%');
            escaped.push(char::from(DIGITS[usize::from(byte >> 4)]));
            escaped.push(char::from(DIGITS[usize::from(byte & 15)]));
        } else {
            escaped.push(char::from(byte));
        }
    }
    escaped
}
