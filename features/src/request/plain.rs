//! A plain request for servers that have nothing special to say.

use http::{HeaderMap, Method, Version};

use super::{HttpRequestFeature, RequestTarget, decode_path};
use crate::{BadHttpRequestError, RequestBody};

/// The plain [`HttpRequestFeature`]: fields to fill.
///
/// ```
/// use falconry_features::{HttpRequestFeature, PlainRequest};
///
/// let request = PlainRequest { path: "/hello".into(), ..PlainRequest::default() };
/// assert_eq!(request.path(), "/hello");
/// assert_eq!(request.method(), "GET");
/// ```
#[derive(Debug)]
pub struct PlainRequest {
    /// Default: HTTP/1.1.
    pub version: Version,
    /// Default: `http`.
    pub scheme: String,
    /// Default: `GET`.
    pub method: Method,
    /// Default: empty.
    pub path_base: String,
    /// Default: `/`.
    pub path: String,
    /// With its `?`. Default: empty.
    pub query_string: String,
    /// Default: empty.
    pub raw_target: String,
    /// Default: none.
    pub headers: HeaderMap,
    /// Default: empty.
    pub body: RequestBody,
}

impl PlainRequest {
    /// A request as it was received, without its body: path and query are those of `raw_target`.
    ///
    /// ```
    /// use falconry_features::PlainRequest;
    /// use http::{HeaderMap, Method, Version};
    ///
    /// let (method, headers) = (Method::GET, HeaderMap::new());
    /// let request = PlainRequest::received(method, "/a%20b?c", Version::HTTP_11, headers).unwrap();
    /// assert_eq!((&*request.path, &*request.query_string), ("/a b", "?c"));
    /// ```
    ///
    /// # Errors
    /// 400 for a path that [`decode_path`] refuses.
    pub fn received(
        method: Method,
        raw_target: &str,
        version: Version,
        headers: HeaderMap,
    ) -> Result<Self, BadHttpRequestError> {
        let target = RequestTarget::new(&method, raw_target);
        let mut path = String::with_capacity(target.path.len());
        decode_path(target.path, &mut path)?;
        let query_string = target.query.to_owned();
        let raw_target = raw_target.to_owned();
        Ok(Self { version, method, path, query_string, raw_target, headers, ..Self::default() })
    }
}

impl Default for PlainRequest {
    fn default() -> Self {
        Self {
            version: Version::HTTP_11,
            scheme: "http".to_owned(),
            method: Method::GET,
            path_base: String::new(),
            path: "/".to_owned(),
            query_string: String::new(),
            raw_target: String::new(),
            headers: HeaderMap::new(),
            body: RequestBody::empty(),
        }
    }
}

impl HttpRequestFeature for PlainRequest {
    fn version(&self) -> Version {
        self.version
    }

    fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    fn scheme(&self) -> &str {
        &self.scheme
    }

    fn set_scheme(&mut self, scheme: &str) {
        replace(&mut self.scheme, scheme);
    }

    fn method(&self) -> &Method {
        &self.method
    }

    fn set_method(&mut self, method: Method) {
        self.method = method;
    }

    fn path_base(&self) -> &str {
        &self.path_base
    }

    fn set_path_base(&mut self, path_base: &str) {
        replace(&mut self.path_base, path_base);
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn set_path(&mut self, path: &str) {
        replace(&mut self.path, path);
    }

    fn query_string(&self) -> &str {
        &self.query_string
    }

    fn set_query_string(&mut self, query_string: &str) {
        replace(&mut self.query_string, query_string);
    }

    fn raw_target(&self) -> &str {
        &self.raw_target
    }

    fn set_raw_target(&mut self, raw_target: &str) {
        replace(&mut self.raw_target, raw_target);
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

/// Keeps the allocation: a pooled request is filled again and again.
fn replace(place: &mut String, value: &str) {
    place.clear();
    place.push_str(value);
}
