//! What applications are told of the handshake.

use bytes::Bytes;
use falconry_features::{
    Certificate, FeatureCollection, PlainTlsConnection, PlainTlsHandshake, TlsApplicationProtocolFeature,
    TlsConnectionFeature, TlsHandshakeFeature,
};
use rustls::ServerConnection;

use super::names;
use crate::connection::ConnectionShared;

/// The features of a connection whose handshake is done.
pub(super) fn collection(session: &ServerConnection, connection: &ConnectionShared) -> FeatureCollection {
    let handshake = PlainTlsHandshake {
        protocol: session.protocol_version().and_then(names::version),
        cipher_suite: session.negotiated_cipher_suite().map(|suite| names::cipher_suite(suite.suite())),
        host_name: session.server_name().unwrap_or_default().to_owned(),
        application_protocol: session.alpn_protocol().map(Bytes::copy_from_slice).unwrap_or_default(),
    };
    let certificate = session.peer_certificates().and_then(<[_]>::first);
    let client_certificate = certificate.map(|one| Certificate::from_der(one.to_vec()));
    let mut features = connection.own_features();
    features.set::<dyn TlsConnectionFeature>(Box::new(PlainTlsConnection { client_certificate }));
    features.set::<dyn TlsApplicationProtocolFeature>(Box::new(handshake.clone()));
    features.set::<dyn TlsHandshakeFeature>(Box::new(handshake));
    features
}
