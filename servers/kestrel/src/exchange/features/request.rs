//! The request as hyper parsed it.

use falconry_features::{HttpRequestFeature, RequestBody};
use http::{HeaderMap, Method, Uri, Version};

use crate::http1::{Rejection, decode_path, split_target};

/// The request of one exchange. Parts that are as the client sent them are read out of hyper's own
/// storage; only what differs is copied.
#[derive(Debug, Default)]
pub(crate) struct KestrelRequest {
    version: Version,
    method: Method,
    /// `None` between requests: a URI holds on to the buffer that it was read into.
    uri: Option<Uri>,
    headers: HeaderMap,
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
    /// Fills it with what the client sent; a path with a NUL in it is refused. `raw_target` is the target as it stood on the wire where
    /// hyper has seen another one.
    pub(crate) fn fill(
        &mut self,
        parts: http::request::Parts,
        body: RequestBody,
        scheme: &str,
        raw_target: Option<&[u8]>,
    ) -> Result<(), Rejection> {
        self.version = parts.version;
        self.method = parts.method;
        self.headers = parts.headers;
        self.body = body;
        if scheme != "http" {
            self.scheme.set(scheme);
        }
        let uri = self.uri.insert(parts.uri);
        match raw_target {
            Some(raw) => {
                self.raw_target.set(&String::from_utf8_lossy(raw));
                self.read_own_target()
            }
            None if uri.path_and_query().is_none() || uri.scheme().is_some() => {
                self.raw_target.set(&uri.to_string());
                self.read_own_target()
            }
            None if needs_decoding(uri.path()) => {
                self.path.begin();
                decode_path(uri.path(), &mut self.path.own)
            }
            None if uri.path() == "*" => {
                self.path.begin();
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Empties it; gives the fields, whose storage is used again.
    pub(crate) fn clear(&mut self) -> HeaderMap {
        self.method = Method::GET;
        self.uri = None;
        self.body = RequestBody::empty();
        self.scheme.clear();
        self.path_base.clear();
        self.path.clear();
        self.query_string.clear();
        self.raw_target.clear();
        std::mem::take(&mut self.headers)
    }

    fn path_and_query(&self) -> &str {
        self.uri.as_ref().and_then(Uri::path_and_query).map_or("", |both| both.as_str())
    }

    fn read_own_target(&mut self) -> Result<(), Rejection> {
        let target = split_target(&self.method, &self.raw_target.own);
        self.query_string.set(target.query);
        self.path.begin();
        decode_path(target.path, &mut self.path.own)
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
        self.path.get_or(|| self.uri.as_ref().map_or("", Uri::path))
    }

    fn set_path(&mut self, path: &str) {
        self.path.set(path);
    }

    fn query_string(&self) -> &str {
        self.query_string.get_or(|| {
            let path_and_query = self.path_and_query();
            path_and_query.find('?').map_or("", |start| &path_and_query[start..])
        })
    }

    fn set_query_string(&mut self, query_string: &str) {
        self.query_string.set(query_string);
    }

    fn raw_target(&self) -> &str {
        self.raw_target.get_or(|| self.path_and_query())
    }

    fn set_raw_target(&mut self, raw_target: &str) {
        self.raw_target.set(raw_target);
    }

    fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
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
