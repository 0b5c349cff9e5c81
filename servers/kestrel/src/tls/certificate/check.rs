//! Whether a certificate is fit for a server.

use falconry_features::ServerError;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

use super::source::Source;

/// Checks the server's certificate: what it says of its use must allow servers. What clients will refuse but
/// a test may want is only logged.
pub(super) fn check(certificates: &[CertificateDer<'_>], source: &Source) -> Result<(), ServerError> {
    let Some(first) = certificates.first() else { return Err(source.refuse(&"there is no certificate")) };
    let (_, certificate) = X509Certificate::from_der(first)
        .map_err(|error| source.refuse(&format_args!("it is no X.509 certificate: {error}")))?;
    if let Ok(Some(usage)) = certificate.extended_key_usage()
        && !usage.value.server_auth
        && !usage.value.any
    {
        return Err(source.refuse(
            &"its extended key usage does not allow servers (serverAuth, 1.3.6.1.5.5.7.3.1); use one that does",
        ));
    }
    let has_names = certificate.extensions().iter().any(|extension| {
        matches!(extension.parsed_extension(), ParsedExtension::SubjectAlternativeName(names) if !names.general_names.is_empty())
    });
    if !has_names {
        tracing::info!(certificate = %source, "the certificate has no subject alternative name: many clients refuse it");
    }
    if !certificate.validity().is_valid() {
        tracing::warn!(certificate = %source, "the certificate has expired or is not valid yet: clients refuse it");
    }
    Ok(())
}

/// True if the server's certificate has begun and has not expired.
pub(super) fn is_valid_now(certificates: &[CertificateDer<'_>]) -> bool {
    certificates
        .first()
        .and_then(|first| X509Certificate::from_der(first).ok())
        .is_some_and(|(_, certificate)| certificate.validity().is_valid())
}
