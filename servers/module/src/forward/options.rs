//! What forwarding adds to a request, and what it holds it to.

use std::{fmt, sync::Arc, time::Duration};

use falconry_features::Identity;
use http::HeaderValue;

/// What forwarding adds to a request, and what it holds it to.
///
/// The names of the settings are those of the ASP.NET Core Module's `<aspNetCore>` section where it has them.
#[derive(Clone)]
#[non_exhaustive]
pub struct ForwardOptions {
    /// Sent as `MS-ASPNETCORE-TOKEN`, by which the application knows its module. Default: none.
    pub pairing_token: Option<HeaderValue>,
    /// How long a backend may go without a byte in either direction, and how long connecting to it may take.
    /// The time that the client takes does not count. After an upgrade there is no limit. Default: 2 minutes.
    pub request_timeout: Duration,
    /// How long a request with `Expect: 100-continue` waits for the backend's word before its body is sent all the
    /// same (RFC 9110 section 10.1.1). Default: 1 second.
    pub continue_timeout: Duration,
    /// True if `MS-ASPNETCORE-WINAUTHTOKEN` is sent for users that [`windows_tokens`](Self::windows_tokens) has a
    /// handle for. Default: true.
    pub forward_windows_auth_token: bool,
    /// Who gives handles of users' tokens to the backend's process; without it none are sent. Default: none.
    pub windows_tokens: Option<Arc<dyn WindowsTokens>>,
    /// The largest request body, in bytes; `None` is unlimited. It takes the place of the front server's own limit.
    /// A body over it is refused with 413. Default: 30,000,000, as IIS has it.
    pub max_request_body_size: Option<u64>,
    /// The virtual path of the application, without a slash at its end. Requests keep it in their path, as the
    /// application knows it (`ASPNETCORE_APPL_PATH`); [`request_shutdown`](super::request_shutdown) is sent under it.
    /// Default: empty.
    pub path_base: String,
    /// True if a `Connection: close` of the backend also closes the client's connection, where that is HTTP/1
    /// (`forwardResponseConnectionHeader`). Default: false.
    pub forward_response_connection_header: bool,
}

/// Gives handles of users' tokens to the process of a backend.
pub trait WindowsTokens: Send + Sync {
    /// The handle, as the backend's process has it, of a duplicate of the token of `identity`; `None` if it has none.
    /// The backend's process closes it.
    fn duplicate(&self, identity: &Identity) -> Option<u64>;
}

impl Default for ForwardOptions {
    fn default() -> Self {
        Self {
            pairing_token: None,
            request_timeout: Duration::from_secs(120),
            continue_timeout: Duration::from_secs(1),
            forward_windows_auth_token: true,
            windows_tokens: None,
            max_request_body_size: Some(30_000_000),
            path_base: String::new(),
            forward_response_connection_header: false,
        }
    }
}

impl fmt::Debug for ForwardOptions {
    /// Without the token, which is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForwardOptions")
            .field("request_timeout", &self.request_timeout)
            .field("max_request_body_size", &self.max_request_body_size)
            .field("path_base", &self.path_base)
            .finish_non_exhaustive()
    }
}
