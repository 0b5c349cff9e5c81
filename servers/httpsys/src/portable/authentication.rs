//! Basic authentication, which Windows does by itself.

use std::sync::Arc;

use data_encoding::BASE64;
use falconry_features::User;
use http::{HeaderMap, header::AUTHORIZATION};

/// Says who a name and a password belong to; `None` if to nobody. It must not block: it is called in the task of a
/// connection.
pub type BasicAuthenticator = Arc<dyn Fn(&str, &str) -> Option<User> + Send + Sync>;

/// The user that a request names and proves to be (RFC 7617).
pub(super) fn basic(headers: &HeaderMap, authenticator: &BasicAuthenticator) -> Option<User> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = BASE64.decode(credentials.trim().as_bytes()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (name, password) = text.split_once(':')?;
    authenticator(name, password)
}
