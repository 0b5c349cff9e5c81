//! The versions of TLS that are spoken.

use std::{error::Error as StdError, fmt, ops::BitOr, str::FromStr};

use rustls::SupportedProtocolVersion;

/// The versions of TLS that an endpoint speaks. Default: 1.2 and 1.3; older ones are broken and cannot be had.
///
/// ```
/// # use falconry_kestrel::TlsVersions;
/// assert_eq!(TlsVersions::default(), TlsVersions::TLS12 | TlsVersions::TLS13);
/// assert_eq!("Tls13".parse(), Ok(TlsVersions::TLS13));
/// assert!("Tls11".parse::<TlsVersions>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TlsVersions(u8);

impl TlsVersions {
    /// TLS 1.2.
    pub const TLS12: Self = Self(1);
    /// TLS 1.3.
    pub const TLS13: Self = Self(2);

    /// True if all of `other` is part of these.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// As the TLS library names them, the newest first.
    pub(super) fn supported(self) -> Vec<&'static SupportedProtocolVersion> {
        [(Self::TLS13, &rustls::version::TLS13), (Self::TLS12, &rustls::version::TLS12)]
            .into_iter()
            .filter(|(version, _)| self.contains(*version))
            .map(|(_, supported)| supported)
            .collect()
    }
}

impl BitOr for TlsVersions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Default for TlsVersions {
    fn default() -> Self {
        Self::TLS12 | Self::TLS13
    }
}

/// The name used in configuration: `Tls12` or `Tls13`, in any case.
impl FromStr for TlsVersions {
    type Err = ParseTlsVersionsError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [("Tls12", Self::TLS12), ("Tls13", Self::TLS13)]
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, version)| version)
            .ok_or_else(|| ParseTlsVersionsError { name: name.to_owned() })
    }
}

/// A name that is no version of TLS that is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTlsVersionsError {
    name: String,
}

impl fmt::Display for ParseTlsVersionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is no version of TLS that can be had: use Tls12 or Tls13", self.name.escape_debug())
    }
}

impl StdError for ParseTlsVersionsError {}
