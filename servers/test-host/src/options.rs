//! Options of the test server, and the base address taken apart.

use falconry_features::ServerError;
use http::{Uri, uri::Scheme};

use crate::request::{decode_path, host_of};

/// Options of a [`TestServer`](crate::TestServer).
///
/// ```
/// use falconry_test_host::{TestServer, TestServerOptions};
///
/// let options = TestServerOptions {
///     base_address: "https://shop.example/api/".parse().unwrap(),
///     ..TestServerOptions::default()
/// };
/// let server = TestServer::with_options(options).unwrap();
/// # drop(server);
/// ```
#[derive(Clone, Debug)]
pub struct TestServerOptions {
    /// Where requests with a relative URI go: scheme, `Host` and path base come from it. Default:
    /// `http://localhost/`.
    pub base_address: Uri,
    /// How many bytes of a response, of a streamed request body, or of each direction of an upgraded
    /// stream may wait for the other side before the writer has to. Default: 65,536; 0 counts as 1.
    pub buffer_size: usize,
    /// The largest request body, in bytes; `None` is unlimited. An application changes it for its
    /// request. Default: 30,000,000, as Kestrel.
    pub max_request_body_size: Option<u64>,
    /// Answers an application's error before the response started with 500, as over the network,
    /// instead of making it the caller's error. Default: false.
    pub answer_errors: bool,
}

impl Default for TestServerOptions {
    fn default() -> Self {
        Self {
            base_address: Uri::from_static("http://localhost/"),
            buffer_size: 64 * 1024,
            max_request_body_size: Some(30_000_000),
            answer_errors: false,
        }
    }
}

/// The base address as requests need it.
#[derive(Debug)]
pub(crate) struct BaseAddress {
    pub(crate) scheme: String,
    /// As the `Host` field has it: without the scheme's default port.
    pub(crate) host: String,
    /// As it was written, with a slash at its end.
    pub(crate) raw_path: String,
    /// Decoded, without a slash at its end.
    pub(crate) path_base: String,
}

impl BaseAddress {
    pub(crate) fn new(uri: &Uri) -> Result<Self, ServerError> {
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(not_absolute(uri));
        };
        if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS {
            return Err(not_absolute(uri));
        }
        let path = uri.path().trim_end_matches('/');
        Ok(Self {
            scheme: scheme.as_str().to_owned(),
            host: host_of(authority, scheme.as_str()),
            raw_path: format!("{path}/"),
            path_base: decode_path(path),
        })
    }
}

fn not_absolute(uri: &Uri) -> ServerError {
    ServerError::options(format!(
        "the base address {uri} of the test server is not of the form http://host/path or https://host/path"
    ))
}
