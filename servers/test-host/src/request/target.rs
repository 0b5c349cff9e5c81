//! The request target: relative to the base address, absolute, or one of the special forms.

use http::{
    Method, Uri,
    uri::{Authority, PathAndQuery},
};

use super::decode_path;
use crate::{TestError, options::BaseAddress};

/// The request target, taken apart.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) scheme: String,
    pub(crate) host: String,
    /// As it would be on the wire.
    pub(crate) raw: String,
    pub(crate) path_base: String,
    pub(crate) path: String,
    /// With its `?`, or empty.
    pub(crate) query: String,
}

impl Target {
    /// Understands `text` as a client would: relative to `base`, absolute, `*` for OPTIONS, or
    /// `host:port` for a CONNECT without a protocol.
    pub(crate) fn parse(
        text: &str,
        method: &Method,
        is_extended_connect: bool,
        base: &BaseAddress,
    ) -> Result<Self, TestError> {
        if *method == Method::CONNECT && !is_extended_connect {
            let authority: Authority = text.parse().map_err(|error| invalid(text, error))?;
            return Ok(Self::special(text, authority.as_str().to_owned(), base));
        }
        if *method == Method::OPTIONS && text == "*" {
            return Ok(Self::special(text, base.host.clone(), base));
        }
        if has_scheme(text) {
            let uri: Uri = text.parse().map_err(|error| invalid(text, error))?;
            return Self::absolute(text, &uri, base);
        }
        let from_root = if text.starts_with('/') { text.to_owned() } else { relative(text, base) };
        let target = from_root.parse().map_err(|error| invalid(text, error))?;
        Ok(Self::new(base.scheme.clone(), base.host.clone(), &target, base))
    }

    fn absolute(text: &str, uri: &Uri, base: &BaseAddress) -> Result<Self, TestError> {
        let scheme = match uri.scheme_str() {
            Some("http" | "ws") => "http",
            Some("https" | "wss") => "https",
            _ => {
                return Err(TestError::invalid_request(format!(
                    "the scheme of {text:?} is not one of http, https, ws and wss"
                )));
            }
        };
        let host = uri.authority().map(|authority| host_of(authority, scheme)).unwrap_or_default();
        let target = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        Ok(Self::new(scheme.to_owned(), host, &target, base))
    }

    fn special(text: &str, host: String, base: &BaseAddress) -> Self {
        Self {
            scheme: base.scheme.clone(),
            host,
            raw: text.to_owned(),
            path_base: String::new(),
            path: String::new(),
            query: String::new(),
        }
    }

    fn new(scheme: String, host: String, target: &PathAndQuery, base: &BaseAddress) -> Self {
        let whole = decode_path(target.path());
        let (path_base, path) = match strip_segments(&whole, &base.path_base) {
            Some(path) => (base.path_base.clone(), path.to_owned()),
            None => (String::new(), whole),
        };
        let query = target.query().map(|query| format!("?{query}")).unwrap_or_default();
        Self { scheme, host, raw: target.as_str().to_owned(), path_base, path, query }
    }
}

/// `authority` as a `Host` field: without user information and without the scheme's default port.
pub(crate) fn host_of(authority: &Authority, scheme: &str) -> String {
    let default = if scheme == "https" { 443 } else { 80 };
    match authority.port_u16() {
        Some(port) if port != default => format!("{}:{port}", authority.host()),
        _ => authority.host().to_owned(),
    }
}

/// A target under the base address, as a browser resolves `text` there.
fn relative(text: &str, base: &BaseAddress) -> String {
    if text.is_empty() || text.starts_with('?') {
        format!("{}{text}", base.raw_path)
    } else {
        format!("{}{}", base.raw_path, text.strip_prefix("./").unwrap_or(text))
    }
}

fn has_scheme(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    })
}

/// What follows `base` in `path`, if whole segments of it match, in whatever case.
fn strip_segments<'a>(path: &'a str, base: &str) -> Option<&'a str> {
    let (start, rest) = path.split_at_checked(base.len())?;
    let matches = start.eq_ignore_ascii_case(base) && (rest.is_empty() || rest.starts_with('/'));
    matches.then_some(rest)
}

fn invalid(text: &str, error: impl std::error::Error + Send + Sync + 'static) -> TestError {
    TestError::invalid_request(format!("the request target {text:?} is not valid")).with_source(error.into())
}
