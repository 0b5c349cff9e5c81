//! The request line, the fields and the body.

use http::{HeaderMap, Method, Version};

use crate::{Feature, RequestBody};

/// The request itself. Every server offers it.
///
/// Middleware may change what the rest of the pipeline sees: each part has a setter.
pub trait HttpRequestFeature: Feature {
    /// The protocol version. HTTP/1.2 and above are reported as HTTP/1.1, as which they are served.
    fn version(&self) -> Version;

    /// Changes the protocol version.
    fn set_version(&mut self, version: Version);

    /// The scheme: `http` or `https`.
    fn scheme(&self) -> &str;

    /// Changes the scheme, as a proxy's header may ask for.
    fn set_scheme(&mut self, scheme: &str);

    /// The method.
    fn method(&self) -> &Method;

    /// Changes the method.
    fn set_method(&mut self, method: Method);

    /// The first part of the path, under which the application lives: without a slash at its end,
    /// or empty.
    fn path_base(&self) -> &str;

    /// Changes the path base.
    fn set_path_base(&mut self, path_base: &str);

    /// The path after the path base: percent-decoded as UTF-8 except `%2F`, dot segments removed.
    /// Empty for `OPTIONS *`, for CONNECT, and when the path base is all there is.
    fn path(&self) -> &str;

    /// Changes the path.
    fn set_path(&mut self, path: &str);

    /// The query as it was sent, with its `?`; or empty.
    fn query_string(&self) -> &str;

    /// Changes the query; it starts with `?` or is empty.
    fn set_query_string(&mut self, query_string: &str);

    /// The request target, exactly as it was sent.
    fn raw_target(&self) -> &str;

    /// Changes the raw target.
    fn set_raw_target(&mut self, raw_target: &str);

    /// The fields, with those that HTTP/2 and HTTP/3 carry as pseudo fields (`host`).
    fn headers(&self) -> &HeaderMap;

    /// The fields, for change.
    fn headers_mut(&mut self) -> &mut HeaderMap;

    /// The body, to be read.
    fn body_mut(&mut self) -> &mut RequestBody;

    /// Takes the body away, to read it elsewhere; an empty one stays.
    fn take_body(&mut self) -> RequestBody {
        std::mem::take(self.body_mut())
    }

    /// Puts another body in the place of the present one.
    fn set_body(&mut self, body: RequestBody) {
        *self.body_mut() = body;
    }
}
