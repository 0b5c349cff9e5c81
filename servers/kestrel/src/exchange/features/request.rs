//! The request as it was sent.

use falconry_features::{HttpRequestFeature, RequestBody, RequestTarget, decode_path};
use http::{HeaderMap, Method, Uri, Version};

use crate::http1::{Head, Rejection, read_fields};

/// The request of one exchange. Its storage outlives it.
#[derive(Debug, Default)]
pub(crate) struct KestrelRequest {
    version: Version,
    method: Method,
    /// The target as sent.
    target: String,
    /// Where the path in it ends and the query begins.
    path_end: usize,
    headers: HeaderMap,
    /// Which field section of its HTTP/1 connection the fields are, if nobody can have changed them since.
    section: Option<u64>,
    body: RequestBody,
    scheme: Text,
    path_base: Text,
    path: Text,
    query_string: Text,
    raw_target: Text,
}

/// A text that is usually read elsewhere. The storage outlives the request.
#[derive(Debug, Default)]
struct Text {
    own: String,
    is_own: bool,
}

impl KestrelRequest {
    /// Fills it with the head that starts `input`; a path with a NUL in it is refused.
    pub(crate) fn fill_head(&mut self, head: &Head, input: &[u8], scheme: &str) -> Result<(), Rejection> {
        self.version = if head.is_http10() { Version::HTTP_10 } else { Version::HTTP_11 };
        self.method = Method::from_bytes(head.method(input)).map_err(|_| Rejection::InvalidRequestLine)?;
        // Clients send the same fields again and again: those are here already.
        if self.section != Some(head.section) {
            self.section = None;
            self.headers.clear();
            read_fields(head, input, &mut self.headers)?;
            self.section = head.has_fields_as_sent().then_some(head.section);
        }
        self.set_own_scheme(scheme);
        let target = std::str::from_utf8(head.target(input)).map_err(|_| Rejection::InvalidRequestTarget)?;
        self.read_target(target)
    }

    /// Fills it with what the client of a stream sent; a path with a NUL in it is refused.
    pub(crate) fn fill(
        &mut self,
        parts: http::request::Parts,
        body: RequestBody,
        scheme: &str,
    ) -> Result<(), Rejection> {
        self.version = parts.version;
        self.method = parts.method;
        self.headers = parts.headers;
        self.section = None;
        self.body = body;
        self.set_own_scheme(scheme);
        match parts.uri.path_and_query() {
            Some(target) if parts.uri.scheme().is_none() => self.read_target(target.as_str()),
            _ => self.read_uri(&parts.uri),
        }
    }

    /// Takes the fields out, whose storage is used again.
    pub(crate) fn take_headers(&mut self) -> HeaderMap {
        self.section = None;
        std::mem::take(&mut self.headers)
    }

    pub(crate) fn set_body(&mut self, body: RequestBody) {
        self.body = body;
    }

    /// Empties it. Fields that are as they were sent stay: only a request that has the very same sees them.
    pub(crate) fn clear(&mut self) {
        self.method = Method::GET;
        self.target.clear();
        self.path_end = 0;
        if self.section.is_none() {
            self.headers.clear();
        }
        self.body = RequestBody::empty();
        self.scheme.clear();
        self.path_base.clear();
        self.path.clear();
        self.query_string.clear();
        self.raw_target.clear();
    }

    fn set_own_scheme(&mut self, scheme: &str) {
        if scheme != "http" {
            self.scheme.set(scheme);
        }
    }

    fn read_uri(&mut self, uri: &Uri) -> Result<(), Rejection> {
        self.read_target(&uri.to_string())
    }

    fn read_target(&mut self, target: &str) -> Result<(), Rejection> {
        self.target.clear();
        self.target.push_str(target);
        if !target.starts_with('/') || self.method == Method::CONNECT {
            let parts = RequestTarget::new(&self.method, &self.target);
            self.query_string.set(parts.query);
            self.path.begin();
            return decode(parts.path, &mut self.path.own);
        }
        // Most targets are too short for searches that have to be set up.
        let path = target.as_bytes();
        self.path_end = path.iter().position(|&byte| byte == b'?').unwrap_or(path.len());
        let path = target.get(..self.path_end).unwrap_or_default();
        if needs_decoding(path) {
            self.path.begin();
            return decode(path, &mut self.path.own);
        }
        Ok(())
    }
}

impl HttpRequestFeature for KestrelRequest {
    fn version(&self) -> Version {
        self.version
    }

    fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    fn scheme(&self) -> &str {
        self.scheme.get_or(|| "http")
    }

    fn set_scheme(&mut self, scheme: &str) {
        self.scheme.set(scheme);
    }

    fn method(&self) -> &Method {
        &self.method
    }

    fn set_method(&mut self, method: Method) {
        self.method = method;
    }

    fn path_base(&self) -> &str {
        self.path_base.get_or(|| "")
    }

    fn set_path_base(&mut self, path_base: &str) {
        self.path_base.set(path_base);
    }

    fn path(&self) -> &str {
        self.path.get_or(|| &self.target[..self.path_end])
    }

    fn set_path(&mut self, path: &str) {
        self.path.set(path);
    }

    fn query_string(&self) -> &str {
        self.query_string.get_or(|| &self.target[self.path_end..])
    }

    fn set_query_string(&mut self, query_string: &str) {
        self.query_string.set(query_string);
    }

    fn raw_target(&self) -> &str {
        self.raw_target.get_or(|| &self.target)
    }

    fn set_raw_target(&mut self, raw_target: &str) {
        self.raw_target.set(raw_target);
    }

    fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.section = None;
        &mut self.headers
    }

    fn body_mut(&mut self) -> &mut RequestBody {
        &mut self.body
    }
}

impl Text {
    fn get_or<'a>(&'a self, elsewhere: impl FnOnce() -> &'a str) -> &'a str {
        if self.is_own { &self.own } else { elsewhere() }
    }

    fn set(&mut self, text: &str) {
        self.begin();
        self.own.push_str(text);
    }

    fn begin(&mut self) {
        self.own.clear();
        self.is_own = true;
    }

    fn clear(&mut self) {
        // The old text is wiped, not only hidden: nothing of one request is left for the next.
        self.own.clear();
        self.is_own = false;
    }
}

/// True if the decoded path differs from the one sent: percent signs or dot segments.
fn needs_decoding(path: &str) -> bool {
    // Most paths have neither, and are too short for a search that has to be set up.
    path.bytes().any(|byte| matches!(byte, b'%' | b'.')) && (path.contains('%') || path.contains("/."))
}

/// Appends the decoded path to `out`.
fn decode(path: &str, out: &mut String) -> Result<(), Rejection> {
    decode_path(path, out).map_err(|_| Rejection::InvalidRequestTarget)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_nul_is_refused() {
        for path in ["/%00", "/a%00b", "/%E8%00%84", "/../%00"] {
            assert_eq!(decode(path, &mut String::new()), Err(Rejection::InvalidRequestTarget), "{path}");
        }
    }
}
