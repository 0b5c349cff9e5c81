//! Certificates of those who sign certificates.

use std::path::Path;

use falconry_features::{Certificate, ServerError};
use rustls_pki_types::{CertificateDer, pem::PemObject};

/// The certificates in a PEM file, at least one.
pub(crate) fn read_certificates(path: &Path) -> Result<Vec<Certificate>, ServerError> {
    let fault = |reason: &dyn std::fmt::Display| {
        ServerError::options(format!("the certificates in '{}' cannot be read: {reason}", path.display()))
    };
    let pem = std::fs::read(path).map_err(|error| fault(&error))?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .map(|one| one.map(|der| Certificate::from_der(der.to_vec())))
        .collect::<Result<_, _>>()
        .map_err(|error| fault(&error))?;
    if certificates.is_empty() {
        return Err(fault(&"there is no PEM section with a certificate"));
    }
    Ok(certificates)
}
