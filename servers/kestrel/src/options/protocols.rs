//! The protocols of an endpoint.

use std::{error::Error as StdError, fmt, ops::BitOr, str::FromStr};

/// The HTTP versions that an endpoint speaks: one or several.
///
/// With TLS the client chooses among them. Without TLS its first bytes say which it speaks: HTTP/2 begins with a preface
/// (prior knowledge), whatever else comes is HTTP/1, and HTTP/3 cannot be. Default: `HTTP1_AND_HTTP2`.
///
/// ```
/// # use falconry_kestrel::HttpProtocols;
/// let protocols = HttpProtocols::HTTP1 | HttpProtocols::HTTP2;
/// assert_eq!(protocols, HttpProtocols::default());
/// assert_eq!(protocols.to_string(), "Http1AndHttp2");
/// assert!(protocols.contains(HttpProtocols::HTTP2));
/// assert_eq!("Http1AndHttp2AndHttp3".parse(), Ok(HttpProtocols::HTTP1_AND_HTTP2_AND_HTTP3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HttpProtocols(u8);

impl HttpProtocols {
    /// HTTP/1.0 and HTTP/1.1.
    pub const HTTP1: Self = Self(1);
    /// HTTP/2.
    pub const HTTP2: Self = Self(2);
    /// HTTP/1 and HTTP/2: the default.
    pub const HTTP1_AND_HTTP2: Self = Self(3);
    /// HTTP/3.
    pub const HTTP3: Self = Self(4);
    /// All three.
    pub const HTTP1_AND_HTTP2_AND_HTTP3: Self = Self(7);

    /// True if all of `other` is part of these.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().filter(move |(_, one)| self.contains(*one)).map(|(name, _)| name)
    }
}

const NAMES: [(&str, HttpProtocols); 3] =
    [("Http1", HttpProtocols::HTTP1), ("Http2", HttpProtocols::HTTP2), ("Http3", HttpProtocols::HTTP3)];

impl BitOr for HttpProtocols {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Default for HttpProtocols {
    fn default() -> Self {
        Self::HTTP1_AND_HTTP2
    }
}

/// The name used in configuration: `Http1`, `Http1AndHttp2`, ...
impl fmt::Display for HttpProtocols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names().enumerate() {
            f.write_str(if index == 0 { "" } else { "And" })?;
            f.write_str(name)?;
        }
        Ok(())
    }
}

/// Reads the name used in configuration, in any case.
impl FromStr for HttpProtocols {
    type Err = ParseHttpProtocolsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        (1..=7)
            .map(Self)
            .find(|protocols| protocols.to_string().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| ParseHttpProtocolsError(text.to_owned()))
    }
}

/// A text that names no [`HttpProtocols`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseHttpProtocolsError(String);

impl fmt::Display for ParseHttpProtocolsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unknown protocols '{}': use Http1, Http2, Http1AndHttp2, Http3 or Http1AndHttp2AndHttp3",
            self.0.escape_debug()
        )
    }
}

impl StdError for ParseHttpProtocolsError {}
