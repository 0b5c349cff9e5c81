//! Cookies for the client to keep.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, header::SET_COOKIE};

use super::{date::HttpDate, token::is_token};
use crate::{Feature, FeatureError};

/// Writes cookies into the fields of a response. Created on demand; a cookie policy wraps it.
///
/// It is handed the fields, because the response is another feature of the same collection.
pub trait ResponseCookiesFeature: Feature {
    /// Adds a cookie. The value is percent-encoded.
    ///
    /// # Errors
    /// Invalid argument: the name is no token, or an option has a character that would end it.
    fn append(
        &self,
        headers: &mut HeaderMap,
        name: &str,
        value: &str,
        options: &CookieOptions,
    ) -> Result<(), FeatureError>;

    /// Makes the client forget a cookie that was set with these options, and takes back what was
    /// added under its name.
    ///
    /// # Errors
    /// Those of [`append`](Self::append).
    fn delete(
        &self,
        headers: &mut HeaderMap,
        name: &str,
        options: &CookieOptions,
    ) -> Result<(), FeatureError>;
}

/// The attributes of a cookie (RFC 6265 section 5.2). Example: [`PlainResponseCookies`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieOptions {
    /// The domain that gets it. Default: none, the very host that set it.
    pub domain: Option<String>,
    /// The path below which the client sends it. Default: `/`.
    pub path: Option<String>,
    /// When the client forgets it. Default: none, at the end of the client's session.
    pub expires: Option<SystemTime>,
    /// After what time the client forgets it, in whole seconds; wins over `expires`. Default: none.
    pub max_age: Option<Duration>,
    /// True if it goes over encrypted connections only. Default: false.
    pub secure: bool,
    /// True if scripts do not see it. Default: false.
    pub http_only: bool,
    /// Whether it goes with requests that other sites cause. Default: none, what the client thinks
    /// best.
    pub same_site: Option<SameSite>,
    /// True if the application cannot do without it, so that no consent is needed. Default: false.
    pub is_essential: bool,
    /// Further attributes as they are sent, such as `Partitioned`. Default: none.
    pub extensions: Vec<String>,
}

impl Default for CookieOptions {
    fn default() -> Self {
        Self {
            domain: None,
            path: Some("/".to_owned()),
            expires: None,
            max_age: None,
            secure: false,
            http_only: false,
            same_site: None,
            is_essential: false,
            extensions: Vec::new(),
        }
    }
}

/// Whether a cookie goes with requests that other sites cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// Always; clients want it `secure` then.
    None,
    /// If the user goes to the site.
    Lax,
    /// Never.
    Strict,
}

/// The plain [`ResponseCookiesFeature`].
///
/// ```
/// use falconry_features::{CookieOptions, PlainResponseCookies, ResponseCookiesFeature, SameSite};
/// use http::HeaderMap;
///
/// let mut headers = HeaderMap::new();
/// let options = CookieOptions { http_only: true, same_site: Some(SameSite::Lax), ..Default::default() };
/// PlainResponseCookies.append(&mut headers, "id", "a b", &options).unwrap();
/// assert_eq!(headers["set-cookie"], "id=a%20b; path=/; samesite=lax; httponly");
///
/// PlainResponseCookies.delete(&mut headers, "id", &CookieOptions::default()).unwrap();
/// assert_eq!(headers["set-cookie"], "id=; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainResponseCookies;

impl ResponseCookiesFeature for PlainResponseCookies {
    fn append(
        &self,
        headers: &mut HeaderMap,
        name: &str,
        value: &str,
        options: &CookieOptions,
    ) -> Result<(), FeatureError> {
        headers.append(SET_COOKIE, set_cookie(name, value, options)?);
        Ok(())
    }

    fn delete(
        &self,
        headers: &mut HeaderMap,
        name: &str,
        options: &CookieOptions,
    ) -> Result<(), FeatureError> {
        let expired =
            CookieOptions { expires: Some(SystemTime::UNIX_EPOCH), max_age: None, ..options.clone() };
        let deletion = set_cookie(name, "", &expired)?;
        let others: Vec<_> =
            headers.get_all(SET_COOKIE).iter().filter(|set| !sets(set, name)).cloned().collect();
        headers.remove(SET_COOKIE);
        for other in others.into_iter().chain([deletion]) {
            headers.append(SET_COOKIE, other);
        }
        Ok(())
    }
}

fn sets(field: &HeaderValue, name: &str) -> bool {
    field.as_bytes().strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
}

fn set_cookie(name: &str, value: &str, options: &CookieOptions) -> Result<HeaderValue, FeatureError> {
    if !is_token(name) {
        return Err(FeatureError::invalid_argument(format!(
            "{name:?} cannot name a cookie: only letters, digits and !#$%&'*+-.^_`|~ may stand there"
        )));
    }
    let mut text = format!("{name}={}", percent_encode(value));
    let mut attribute = |attribute: &str| {
        text.push_str("; ");
        text.push_str(attribute);
    };
    if let Some(age) = options.max_age {
        attribute(&format!("max-age={}", age.as_secs()));
    }
    if let Some(expires) = options.expires {
        attribute(&format!("expires={}", HttpDate(expires)));
    }
    if let Some(domain) = &options.domain {
        attribute(&format!("domain={}", checked(domain)?));
    }
    if let Some(path) = &options.path {
        attribute(&format!("path={}", checked(path)?));
    }
    if options.secure {
        attribute("secure");
    }
    match options.same_site {
        Some(SameSite::None) => attribute("samesite=none"),
        Some(SameSite::Lax) => attribute("samesite=lax"),
        Some(SameSite::Strict) => attribute("samesite=strict"),
        None => {}
    }
    if options.http_only {
        attribute("httponly");
    }
    for extension in &options.extensions {
        attribute(checked(extension)?);
    }
    HeaderValue::try_from(text)
        .map_err(|error| FeatureError::invalid_argument("the cookie cannot be sent").with_source(error))
}

/// An attribute ends at a semicolon: no value may bring one in.
fn checked(text: &str) -> Result<&str, FeatureError> {
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte) && byte != b';') {
        Ok(text)
    } else {
        Err(FeatureError::invalid_argument(format!(
            "{text:?} cannot stand in a cookie's attribute: only ASCII characters without `;` may"
        )))
    }
}

fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
