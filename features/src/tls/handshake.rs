//! What the TLS handshake agreed on.

use std::{borrow::Cow, fmt};

use bytes::Bytes;

use crate::Feature;

/// What the TLS handshake of the connection agreed on. HTTPS only.
pub trait TlsHandshakeFeature: Feature {
    /// The version of the protocol; `None` if the server cannot tell.
    fn protocol(&self) -> Option<TlsVersion>;

    /// The cipher suite; `None` if the server cannot tell.
    fn cipher_suite(&self) -> Option<&TlsCipherSuite>;

    /// The name of the host that the client asked for (SNI), in its casing; empty if it named none.
    fn host_name(&self) -> &str;
}

/// What ALPN agreed on. HTTPS only.
///
/// ```
/// use falconry_features::{PlainTlsHandshake, TlsApplicationProtocolFeature};
///
/// let handshake = PlainTlsHandshake { application_protocol: "h2".into(), ..Default::default() };
/// assert_eq!(handshake.application_protocol(), b"h2");
/// ```
pub trait TlsApplicationProtocolFeature: Feature {
    /// The protocol identifier, such as `h2`; empty if none was agreed on.
    fn application_protocol(&self) -> &[u8];
}

/// A version of TLS.
///
/// ```
/// use falconry_features::TlsVersion;
///
/// assert!(TlsVersion::Tls12 < TlsVersion::Tls13);
/// assert_eq!(TlsVersion::Tls13.to_string(), "TLS 1.3");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.0: broken, and seen only on old native servers.
    Tls10,
    /// TLS 1.1: broken, and seen only on old native servers.
    Tls11,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

/// A cipher suite: its number and its name in the register of IANA.
///
/// ```
/// use falconry_features::TlsCipherSuite;
///
/// let suite = TlsCipherSuite::new(0x1301, "TLS_AES_128_GCM_SHA256");
/// assert_eq!(suite.id(), 0x1301);
/// assert_eq!(suite.to_string(), "TLS_AES_128_GCM_SHA256");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TlsCipherSuite {
    id: u16,
    name: Cow<'static, str>,
}

impl TlsCipherSuite {
    /// A suite with its number and its name.
    pub fn new(id: u16, name: impl Into<Cow<'static, str>>) -> Self {
        Self { id, name: name.into() }
    }

    /// The number.
    pub fn id(&self) -> u16 {
        self.id
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for TlsCipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The plain [`TlsHandshakeFeature`] and [`TlsApplicationProtocolFeature`]: fields to fill.
///
/// ```
/// use falconry_features::{PlainTlsHandshake, TlsHandshakeFeature, TlsVersion};
///
/// let handshake = PlainTlsHandshake {
///     protocol: Some(TlsVersion::Tls13),
///     host_name: "example.org".into(),
///     ..Default::default()
/// };
/// assert_eq!(handshake.host_name(), "example.org");
/// assert!(handshake.cipher_suite().is_none());
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlainTlsHandshake {
    /// The version of the protocol. Default: unknown.
    pub protocol: Option<TlsVersion>,
    /// The cipher suite. Default: unknown.
    pub cipher_suite: Option<TlsCipherSuite>,
    /// The name that the client asked for. Default: empty.
    pub host_name: String,
    /// What ALPN agreed on. Default: empty.
    pub application_protocol: Bytes,
}

impl TlsHandshakeFeature for PlainTlsHandshake {
    fn protocol(&self) -> Option<TlsVersion> {
        self.protocol
    }

    fn cipher_suite(&self) -> Option<&TlsCipherSuite> {
        self.cipher_suite.as_ref()
    }

    fn host_name(&self) -> &str {
        &self.host_name
    }
}

impl TlsApplicationProtocolFeature for PlainTlsHandshake {
    fn application_protocol(&self) -> &[u8] {
        &self.application_protocol
    }
}
