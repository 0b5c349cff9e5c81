//! The request.

use falconry_features::{HttpRequestFeature, RequestBody};
use http::{HeaderMap, Method, Version};

use super::Malformed;
use crate::{
    driver::DriverRequest,
    request::{decode_target, split_path_base},
};

/// The request of one exchange. The storage of its texts outlives it.
#[derive(Debug, Default)]
pub(crate) struct HttpSysRequest {
    version: Version,
    method: Method,
    headers: HeaderMap,
    body: RequestBody,
    scheme: String,
    path_base: String,
    path: String,
    query_string: String,
    raw_target: String,
}

impl HttpSysRequest {
    /// Fills it; `path_base` is that of the prefix that the request fits.
    pub(super) fn fill(
        &mut self,
        request: &mut DriverRequest,
        body: RequestBody,
        path_base: Option<&str>,
    ) -> Result<(), Malformed> {
        self.version = request.version;
        self.method = std::mem::take(&mut request.verb);
        std::mem::swap(&mut self.headers, &mut request.headers);
        self.body = body;
        set(&mut self.scheme, if request.is_https { "https" } else { "http" });
        self.raw_target = std::mem::take(&mut request.raw_url);
        let query = decode_target(&self.method, &self.raw_target, &mut self.path).map_err(|_| Malformed)?;
        set(&mut self.query_string, query);
        if let Some(length) = path_base.and_then(|base| split_path_base(&self.path, base))
            && length > 0
        {
            // In the casing of the request.
            self.path_base.push_str(&self.path[..length]);
            self.path.drain(..length);
        }
        Ok(())
    }

    /// Empties it.
    pub(super) fn clear(&mut self) {
        self.method = Method::GET;
        if self.headers.capacity() > 0 {
            self.headers = HeaderMap::new();
        }
        self.body = RequestBody::empty();
        for text in [&mut self.path_base, &mut self.path, &mut self.query_string, &mut self.raw_target] {
            text.clear();
        }
    }
}

impl HttpRequestFeature for HttpSysRequest {
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
        set(&mut self.scheme, scheme);
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
        set(&mut self.path_base, path_base);
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn set_path(&mut self, path: &str) {
        set(&mut self.path, path);
    }

    fn query_string(&self) -> &str {
        &self.query_string
    }

    fn set_query_string(&mut self, query_string: &str) {
        set(&mut self.query_string, query_string);
    }

    fn raw_target(&self) -> &str {
        &self.raw_target
    }

    fn set_raw_target(&mut self, raw_target: &str) {
        set(&mut self.raw_target, raw_target);
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

fn set(text: &mut String, value: &str) {
    text.clear();
    text.push_str(value);
}
