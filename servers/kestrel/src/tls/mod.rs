//! TLS: certificates, handshakes, and what they agreed on.
//!
//! rustls stays inside this module: no other module names its types, and the public API only does in
//! [`TlsProvider`], so that another version of it changes nothing else.

mod alpn;
mod authorities;
mod certificate;
mod client;
mod config;
mod counters;
mod development;
mod endpoint;
mod features;
mod handshake;
mod listen;
mod names;
mod options;
mod provider;
#[cfg(feature = "http3")]
mod quic;
mod sni;
mod stream;
mod versions;

#[cfg(feature = "http3")]
pub(crate) use self::quic::QuicHandshake;
use self::stream::TlsStream;
pub(crate) use self::{
    alpn::Protocol,
    authorities::read_certificates,
    endpoint::TlsEndpoint,
    listen::{ConfigureHttps, EndpointHttps},
};
pub use self::{
    certificate::ServerCertificate,
    client::ClientCertificate,
    counters::HandshakeCounters,
    development::DevelopmentCertificate,
    names::TlsClientHello,
    options::{ClientCertificateMode, HttpsOptions},
    provider::TlsProvider,
    sni::SniOptions,
    versions::{ParseTlsVersionsError, TlsVersions},
};
