//! What a client asks for, and the names of what was agreed on.

use std::{fmt, net::SocketAddr};

use falconry_features::{TlsCipherSuite, TlsVersion};
use rustls::{CipherSuite, ProtocolVersion, server::ClientHello};

use crate::transport::Endpoints;

/// How a client begins: what a certificate selector decides by.
#[derive(Clone, Debug)]
pub struct TlsClientHello<'a> {
    server_name: Option<&'a str>,
    application_protocols: Vec<&'a [u8]>,
    endpoints: Endpoints,
}

impl<'a> TlsClientHello<'a> {
    pub(super) fn new(hello: &'a ClientHello<'_>, endpoints: Endpoints) -> Self {
        Self {
            server_name: hello.server_name(),
            application_protocols: hello.alpn().into_iter().flatten().collect(),
            endpoints,
        }
    }

    /// The name of the host that the client wants (SNI), in lower case; none if it named none.
    pub fn server_name(&self) -> Option<&'a str> {
        self.server_name
    }

    /// The protocols that the client offers by ALPN, in its order: `h2`, `http/1.1`; empty if it did not say.
    pub fn application_protocols(&self) -> &[&'a [u8]] {
        &self.application_protocols
    }

    /// The server's address; none on a unix socket.
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.endpoints.local
    }

    /// The client's address; none on a unix socket.
    pub fn remote_address(&self) -> Option<SocketAddr> {
        self.endpoints.remote
    }
}

pub(super) fn version(version: ProtocolVersion) -> Option<TlsVersion> {
    match version {
        ProtocolVersion::TLSv1_2 => Some(TlsVersion::Tls12),
        ProtocolVersion::TLSv1_3 => Some(TlsVersion::Tls13),
        _ => None,
    }
}

/// The version as metrics name it.
pub(super) fn version_number(version: ProtocolVersion) -> Option<&'static str> {
    match version {
        ProtocolVersion::TLSv1_2 => Some("1.2"),
        ProtocolVersion::TLSv1_3 => Some("1.3"),
        _ => None,
    }
}

/// The name as IANA has it: the TLS library writes `TLS13_AES_..` for `TLS_AES_..`.
pub(super) fn cipher_suite(suite: CipherSuite) -> TlsCipherSuite {
    let id = u16::from(suite);
    match suite.as_str() {
        Some(name) => match name.strip_prefix("TLS13_") {
            Some(rest) => TlsCipherSuite::new(id, format!("TLS_{rest}")),
            None => TlsCipherSuite::new(id, name),
        },
        None => TlsCipherSuite::new(id, Unknown(id).to_string()),
    }
}

struct Unknown(u16);

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:04X}", self.0)
    }
}
