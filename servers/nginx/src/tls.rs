//! What TLS has agreed on.

use bytes::Bytes;
use falconry_features::{
    Certificate, FeatureCollection, PlainTlsConnection, PlainTlsHandshake, TlsApplicationProtocolFeature,
    TlsCipherSuite, TlsConnectionFeature, TlsHandshakeFeature, TlsVersion,
};

use crate::{abi, request::text};

/// Adds the features of an encrypted connection.
///
/// # Safety
/// What `tls` points to is there.
pub(crate) unsafe fn fill(features: &mut FeatureCollection, tls: &abi::Tls) {
    // SAFETY: as the caller promises.
    let [protocol, cipher, server_name, alpn, certificate] = unsafe {
        [tls.protocol, tls.cipher, tls.server_name, tls.alpn, tls.client_certificate].map(|it| it.bytes())
    };
    let id = u16::try_from(tls.cipher_id & 0xffff).unwrap_or_default();
    let handshake = PlainTlsHandshake {
        protocol: version(protocol),
        cipher_suite: (!cipher.is_empty()).then(|| TlsCipherSuite::new(id, text(cipher))),
        host_name: text(server_name),
        application_protocol: Bytes::copy_from_slice(alpn),
    };
    let connection = PlainTlsConnection {
        client_certificate: (!certificate.is_empty()).then(|| Certificate::from_der(certificate.to_vec())),
    };
    features.set::<dyn TlsConnectionFeature>(Box::new(connection));
    features.set::<dyn TlsHandshakeFeature>(Box::new(handshake.clone()));
    features.set::<dyn TlsApplicationProtocolFeature>(Box::new(handshake));
}

/// The version as OpenSSL writes it.
fn version(protocol: &[u8]) -> Option<TlsVersion> {
    match protocol {
        b"TLSv1" => Some(TlsVersion::Tls10),
        b"TLSv1.1" => Some(TlsVersion::Tls11),
        b"TLSv1.2" => Some(TlsVersion::Tls12),
        b"TLSv1.3" | b"QUICv1" => Some(TlsVersion::Tls13),
        _ => None,
    }
}
