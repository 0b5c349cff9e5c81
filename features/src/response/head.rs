//! Status, reason phrase and fields of a response.

use std::fmt;

use http::{HeaderMap, StatusCode};

use crate::FeatureError;

/// Everything of a response that comes before its body.
#[derive(Clone, Debug, Default)]
pub struct ResponseHead {
    /// Default: 200.
    pub status: StatusCode,
    /// `None` is the standard phrase. HTTP/2 and HTTP/3 have none.
    pub reason: Option<ReasonPhrase>,
    /// Default: none.
    pub headers: HeaderMap,
}

impl ResponseHead {
    /// Back to 200 without fields, keeping the storage.
    pub fn clear(&mut self) {
        self.status = StatusCode::OK;
        self.reason = None;
        self.headers.clear();
    }
}

/// The words after the status code (RFC 9112 section 4): tab, space, visible and non-ASCII characters.
///
/// ```
/// use falconry_features::ReasonPhrase;
///
/// assert_eq!(ReasonPhrase::new("Tea Time").unwrap().as_str(), "Tea Time");
/// assert!(ReasonPhrase::new("a\r\nInjected: 1").unwrap_err().is_invalid_argument());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonPhrase(Box<str>);

impl ReasonPhrase {
    /// Checks the phrase.
    ///
    /// # Errors
    /// A control character, which could break the response in two.
    pub fn new(phrase: &str) -> Result<Self, FeatureError> {
        if phrase.bytes().all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f)) {
            Ok(Self(phrase.into()))
        } else {
            Err(FeatureError::invalid_argument(format!(
                "the reason phrase {phrase:?} has a control character; RFC 9112 section 4 allows none but the tab"
            )))
        }
    }

    /// The phrase.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReasonPhrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
