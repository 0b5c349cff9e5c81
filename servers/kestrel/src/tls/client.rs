//! The certificates of clients.

use std::{fmt, sync::Arc};

use falconry_features::ServerError;
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::{ClientCertificateMode, HttpsOptions, TlsProvider, options::Validation};

/// A client's certificate that is to be judged.
#[derive(Debug)]
pub struct ClientCertificate<'a> {
    certificate: &'a CertificateDer<'a>,
    chain: &'a [CertificateDer<'a>],
    error: Option<String>,
}

impl ClientCertificate<'_> {
    /// The DER form of the certificate. That the client has its key is proven elsewhere.
    pub fn der(&self) -> &[u8] {
        self.certificate
    }

    /// The DER form of what the client sent beside it, in its order.
    pub fn chain(&self) -> impl Iterator<Item = &[u8]> {
        self.chain.iter().map(AsRef::as_ref)
    }

    /// Why the roots do not vouch for it; `None` if they do.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }
}

/// What asks for certificates; `None` if clients are not asked.
pub(super) fn verifier(
    mode: ClientCertificateMode,
    options: &HttpsOptions,
    provider: &TlsProvider,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, ServerError> {
    if mode == ClientCertificateMode::None {
        return Ok(None);
    }
    let roots = roots(options, provider)?;
    if roots.is_none() && options.validation().is_none() {
        return Err(ServerError::options(
            "clients are to show certificates, and nothing says which are good: fill client_certificate_roots or set \
             validate_client_certificates in the https options",
        ));
    }
    Ok(Some(Arc::new(Verifier {
        roots,
        validation: options.validation().cloned(),
        is_required: mode == ClientCertificateMode::Require,
        crypto: Arc::clone(provider.crypto()),
    })))
}

fn roots(
    options: &HttpsOptions,
    provider: &TlsProvider,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, ServerError> {
    if options.client_certificate_roots.is_empty() {
        return Ok(None);
    }
    let refuse = |error: &dyn fmt::Display| {
        ServerError::options(format!("a certificate of client_certificate_roots cannot be used: {error}"))
    };
    let mut store = RootCertStore::empty();
    for root in &options.client_certificate_roots {
        store.add(CertificateDer::from(root.der().to_vec())).map_err(|error| refuse(&error))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider.crypto()))
        .build()
        .map(Some)
        .map_err(|error| refuse(&error))
}

/// Asks the roots, then the application.
struct Verifier {
    roots: Option<Arc<dyn ClientCertVerifier>>,
    validation: Option<Validation>,
    is_required: bool,
    crypto: Arc<CryptoProvider>,
}

impl ClientCertVerifier for Verifier {
    fn client_auth_mandatory(&self) -> bool {
        self.is_required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        match &self.roots {
            // With a validation of its own the application may take more than the roots name.
            Some(roots) if self.validation.is_none() => roots.root_hint_subjects(),
            _ => &[],
        }
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let vouched =
            self.roots.as_ref().map(|roots| roots.verify_client_cert(end_entity, intermediates, now));
        let Some(validation) = &self.validation else {
            return vouched.unwrap_or_else(|| Err(Error::General("no roots".into())));
        };
        let error = match vouched {
            Some(Ok(_)) => None,
            Some(Err(error)) => Some(error.to_string()),
            None => Some("there are no roots to ask".to_owned()),
        };
        if validation(&ClientCertificate { certificate: end_entity, chain: intermediates, error }) {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(rustls::CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.crypto.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.crypto.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.crypto.signature_verification_algorithms.supported_schemes()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("is_required", &self.is_required).finish_non_exhaustive()
    }
}
