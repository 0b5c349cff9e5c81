//! Features of an encrypted connection.

mod certificate;
mod compression;
mod connection;
mod handshake;

pub use self::{
    certificate::Certificate,
    compression::{HttpsCompressionFeature, HttpsCompressionMode, PlainHttpsCompression},
    connection::{PlainTlsConnection, TlsConnectionFeature},
    handshake::{
        PlainTlsHandshake, TlsApplicationProtocolFeature, TlsCipherSuite, TlsHandshakeFeature, TlsVersion,
    },
};
