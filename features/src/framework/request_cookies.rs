//! The cookies that the client sent.

use http::{HeaderMap, header::COOKIE};

use super::parameters::percent_decode;
use crate::Feature;

/// The cookies that the client sent, in order. Names are compared exactly (RFC 6265); values are
/// percent-decoded.
///
/// ```
/// use falconry_features::RequestCookies;
/// use http::{HeaderMap, HeaderValue, header::COOKIE};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(COOKIE, HeaderValue::from_static("id=7; theme=dark%20blue"));
/// let cookies = RequestCookies::parse(&headers);
/// assert_eq!(cookies.get("theme"), Some("dark blue"));
/// assert_eq!(cookies.len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestCookies {
    cookies: Vec<(String, String)>,
}

impl RequestCookies {
    /// Takes the `Cookie` fields apart. What is no `name=value` is left out.
    #[must_use]
    pub fn parse(headers: &HeaderMap) -> Self {
        let fields = headers.get_all(COOKIE).iter().filter_map(|field| field.to_str().ok());
        let pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.split_once('='));
        let cookies = pairs
            .map(|(name, value)| (name.trim(), unquote(value.trim())))
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, value)| (name.to_owned(), percent_decode(value.bytes())))
            .collect();
        Self { cookies }
    }

    /// The value of a cookie; of several of the same name the first, which browsers say is the one
    /// with the longest path.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// True if the client sent the cookie.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cookies.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The number of cookies.
    pub fn len(&self) -> usize {
        self.cookies.len()
    }

    /// True if there is no cookie.
    pub fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for RequestCookies {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(cookies: I) -> Self {
        Self { cookies: cookies.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }
}

fn unquote(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// The cookies that the client sent. Created on demand.
pub trait RequestCookiesFeature: Feature {
    /// The cookies.
    fn cookies(&self) -> &RequestCookies;

    /// Puts other cookies in their place.
    fn set_cookies(&mut self, cookies: RequestCookies);
}

/// The plain [`RequestCookiesFeature`].
///
/// ```
/// use falconry_features::{PlainRequestCookies, RequestCookiesFeature};
///
/// let cookies = PlainRequestCookies { cookies: [("id", "7")].into_iter().collect() };
/// assert_eq!(cookies.cookies().get("id"), Some("7"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlainRequestCookies {
    /// The cookies.
    pub cookies: RequestCookies,
}

impl RequestCookiesFeature for PlainRequestCookies {
    fn cookies(&self) -> &RequestCookies {
        &self.cookies
    }

    fn set_cookies(&mut self, cookies: RequestCookies) {
        self.cookies = cookies;
    }
}
