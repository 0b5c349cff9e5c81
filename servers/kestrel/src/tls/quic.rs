//! The same certificates and demands for the handshakes of QUIC.

use std::{any::Any, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use falconry_features::{
    Certificate, PlainTlsConnection, PlainTlsHandshake, ServerError, TlsApplicationProtocolFeature,
    TlsConnectionFeature, TlsHandshakeFeature, TlsVersion,
};
use quinn::crypto::rustls::QuicServerConfig;
use rustls::{
    ServerConfig,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use rustls_pki_types::CertificateDer;

use super::{
    ClientCertificateMode, TlsEndpoint, TlsProvider, TlsVersions, client, config::resumable,
    counters::Counting,
};
use crate::{ListenOptions, connection::ConnectionShared, metrics::Handshake};

/// What HTTP/3 is called in handshakes (RFC 9114 section 3.1).
const ALPN: &[u8] = b"h3";

/// A handshake of QUIC under way.
pub(crate) struct QuicHandshaking<'a> {
    endpoint: &'a TlsEndpoint,
    counting: Counting<'a>,
    observed: Handshake<'a>,
    connection: &'a ConnectionShared,
}

/// What was agreed on, as far as the QUIC library tells.
pub(crate) struct QuicHandshake {
    pub(crate) host_name: Option<String>,
    /// The client's certificates.
    pub(crate) peer: Option<Box<dyn Any>>,
}

impl TlsEndpoint {
    /// What QUIC goes by. One configuration serves all names: who asks for a name with other demands on clients is
    /// refused, as those demands would not be met.
    pub(crate) fn quic_crypto(
        self: &Arc<Self>,
        endpoint: &ListenOptions,
    ) -> Result<Arc<QuicServerConfig>, ServerError> {
        self.build_quic(endpoint)
            .map_err(|error| ServerError::options(format!("failed to bind to {endpoint}: {error}")))
    }

    /// Begins to count a handshake; it has failed unless the result says otherwise.
    pub(crate) fn begin_quic<'a>(&'a self, connection: &'a ConnectionShared) -> QuicHandshaking<'a> {
        let observed = connection.observed.handshake();
        QuicHandshaking { endpoint: self, counting: self.counters.begin(), observed, connection }
    }

    fn build_quic(self: &Arc<Self>, endpoint: &ListenOptions) -> Result<Arc<QuicServerConfig>, ServerError> {
        let options = endpoint.https.options();
        if !options.versions.contains(TlsVersions::TLS13) {
            return Err(ServerError::options("HTTP/3 needs TLS 1.3, which the https options exclude"));
        }
        let provider = options.provider.clone().map_or_else(TlsProvider::compiled_in, Ok)?;
        let unfit = |error: &dyn fmt::Display| {
            ServerError::options(format!("the provider of cryptography does not fit HTTP/3: {error}"))
        };
        let builder = ServerConfig::builder_with_provider(Arc::clone(provider.crypto()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| unfit(&error))?;
        let builder = match client::verifier(options.client_certificate_mode, &options, &provider)? {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::new(ByName {
            endpoint: Arc::clone(self),
            mode: options.client_certificate_mode,
        }));
        config.alpn_protocols = vec![ALPN.to_vec()];
        // No 0-RTT: what it carries could be replayed.
        config.max_early_data_size = 0;
        resumable(&mut config, &provider);
        QuicServerConfig::try_from(config).map(Arc::new).map_err(|error| unfit(&error))
    }
}

impl QuicHandshaking<'_> {
    /// How long it may take.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.endpoint.handshake_timeout
    }

    /// The connection is told what was agreed on.
    pub(crate) fn completed(self, agreed: QuicHandshake) {
        let handshake = PlainTlsHandshake {
            protocol: Some(TlsVersion::Tls13),
            // The QUIC library does not tell.
            cipher_suite: None,
            host_name: agreed.host_name.unwrap_or_default(),
            application_protocol: Bytes::from_static(ALPN),
        };
        let certificates = agreed.peer.and_then(|peer| peer.downcast::<Vec<CertificateDer<'static>>>().ok());
        let certificate = certificates.and_then(|all| all.first().map(|one| one.to_vec()));
        let client_certificate = certificate.map(Certificate::from_der);
        let mut features = self.connection.own_features();
        features.set::<dyn TlsConnectionFeature>(Box::new(PlainTlsConnection { client_certificate }));
        features.set::<dyn TlsApplicationProtocolFeature>(Box::new(handshake.clone()));
        features.set::<dyn TlsHandshakeFeature>(Box::new(handshake));
        self.connection.set_features(features);
        self.counting.completed();
        self.observed.completed(|| Some("1.3"));
    }
}

/// Chooses the certificate as for TCP.
struct ByName {
    endpoint: Arc<TlsEndpoint>,
    mode: ClientCertificateMode,
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let chosen = self.endpoint.choose_for_quic(&hello, self.mode);
        chosen.map_err(|reason| tracing::debug!(reason, "AuthenticationFailed: no certificate for QUIC")).ok()
    }
}

impl fmt::Debug for ByName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByName").finish_non_exhaustive()
    }
}
