//! In the place of the keys of TLS, which is not compiled in: an endpoint that asks for https says so when it is bound.

use falconry_features::ServerError;

use super::{certificate::CertificateSettings, section::Section};
use crate::ListenOptions;

#[derive(Clone, Default, PartialEq)]
pub(super) struct HttpsSettings {
    certificate: Option<CertificateSettings>,
}

impl HttpsSettings {
    pub(super) fn read_defaults(section: &Section<'_>) -> Result<Self, ServerError> {
        for name in
            ["HandshakeTimeout", "SslProtocols", "ClientCertificateMode", "ClientCertificateAuthorities"]
        {
            section.child(name);
        }
        Ok(Self::default())
    }

    pub(super) fn read(section: &Section<'_>) -> Result<Self, ServerError> {
        section.child("Sni");
        let certificate = CertificateSettings::read(&section.child("Certificate"))?;
        Self::read_defaults(section)?;
        Ok(Self { certificate })
    }

    pub(super) fn apply(&self, endpoint: &mut ListenOptions) {
        endpoint.tls = true;
    }
}
