//! The request as handlers see it.

use bytes::Bytes;
use falconry_features::{FeatureCollection, HttpRequestFeature, RequestBody};
use http::{HeaderMap, Method, Version};

use crate::Result;

const MISSING: &str = "the server offers a request feature: every server does";

/// The request.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    feature: &'a dyn HttpRequestFeature,
}

impl<'a> Request<'a> {
    pub(super) fn new(features: &'a FeatureCollection) -> Self {
        Self { feature: features.get::<dyn HttpRequestFeature>().expect(MISSING) }
    }

    /// The method.
    pub fn method(&self) -> &'a Method {
        self.feature.method()
    }

    /// The protocol version.
    pub fn version(&self) -> Version {
        self.feature.version()
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'a str {
        self.feature.scheme()
    }

    /// The `Host` field; empty if there is none or it is no text.
    pub fn host(&self) -> &'a str {
        self.header("host").unwrap_or_default()
    }

    /// The first part of the path, under which the application or branch lives.
    pub fn path_base(&self) -> &'a str {
        self.feature.path_base()
    }

    /// The path after the path base, percent-decoded except `%2F`.
    pub fn path(&self) -> &'a str {
        self.feature.path()
    }

    /// The query as it was sent, with its `?`; or empty.
    pub fn query_string(&self) -> &'a str {
        self.feature.query_string()
    }

    /// The request target exactly as it was sent.
    pub fn raw_target(&self) -> &'a str {
        self.feature.raw_target()
    }

    /// The fields.
    pub fn headers(&self) -> &'a HeaderMap {
        self.feature.headers()
    }

    /// The first field with this name, if it is visible ASCII.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers().get(name)?.to_str().ok()
    }
}

impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", self.method())
            .field("raw_target", &self.raw_target())
            .finish_non_exhaustive()
    }
}

/// The request, for change and to read its body.
pub struct RequestMut<'a> {
    feature: &'a mut dyn HttpRequestFeature,
}

impl<'a> RequestMut<'a> {
    pub(super) fn new(features: &'a mut FeatureCollection) -> Self {
        Self { feature: features.get_mut::<dyn HttpRequestFeature>().expect(MISSING) }
    }

    /// Changes the method.
    pub fn set_method(&mut self, method: Method) {
        self.feature.set_method(method);
    }

    /// Changes the scheme.
    pub fn set_scheme(&mut self, scheme: &str) {
        self.feature.set_scheme(scheme);
    }

    /// Changes the path base.
    pub fn set_path_base(&mut self, path_base: &str) {
        self.feature.set_path_base(path_base);
    }

    /// Changes the path.
    pub fn set_path(&mut self, path: &str) {
        self.feature.set_path(path);
    }

    /// Changes the query; it starts with `?` or is empty.
    pub fn set_query_string(&mut self, query_string: &str) {
        self.feature.set_query_string(query_string);
    }

    /// The fields, for change.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        self.feature.headers_mut()
    }

    /// The body.
    pub fn body(&mut self) -> &mut RequestBody {
        self.feature.body_mut()
    }

    /// Takes the body away, to read it elsewhere; an empty one stays.
    pub fn take_body(&mut self) -> RequestBody {
        self.feature.take_body()
    }

    /// Puts another body in the place of the present one.
    pub fn set_body(&mut self, body: RequestBody) {
        self.feature.set_body(body);
    }

    /// The next data of the body; `None` at its end.
    ///
    /// # Errors
    /// The client broke a rule or a limit ([`BadHttpRequestError`](crate::BadHttpRequestError)), or has gone.
    pub async fn read(&mut self) -> Result<Option<Bytes>> {
        self.feature.body_mut().data().await.transpose()
    }
}

impl std::fmt::Debug for RequestMut<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestMut").field("raw_target", &self.feature.raw_target()).finish_non_exhaustive()
    }
}
