//! TLS: what the handshake agreed on, and the client's certificate.

use std::sync::Arc;

use falconry_features::{BoxFuture, Certificate, FeatureError, PlainTlsHandshake, TlsConnectionFeature};

use crate::{
    ClientCertificateMethod,
    driver::{DriverFeature, TlsInfo, Win32Error},
    exchange::ExchangeShared,
};

/// What the application is told of the handshake.
pub(crate) fn fill_handshake(feature: &mut PlainTlsHandshake, tls: &TlsInfo) {
    feature.protocol = tls.protocol;
    feature.cipher_suite.clone_from(&tls.cipher_suite);
    feature.host_name.clone_from(&tls.host_name);
    feature.application_protocol = tls.application_protocol.clone();
}

/// The client's certificate.
#[derive(Debug)]
pub(super) struct HttpSysTls {
    shared: Arc<ExchangeShared>,
    /// Another one that middleware has set.
    changed: Option<Option<Certificate>>,
}

impl HttpSysTls {
    pub(super) fn new(shared: Arc<ExchangeShared>) -> Self {
        Self { shared, changed: None }
    }

    pub(super) fn clear(&mut self) {
        self.changed = None;
    }

    fn of_handshake(&self) -> Option<Certificate> {
        if self.shared.settings.client_certificate_method == ClientCertificateMethod::NoCertificate {
            return None;
        }
        self.shared.lock().tls.as_ref()?.client_certificate.clone()
    }
}

impl TlsConnectionFeature for HttpSysTls {
    fn client_certificate(&self) -> Option<Certificate> {
        self.changed.clone().unwrap_or_else(|| self.of_handshake())
    }

    fn set_client_certificate(&mut self, certificate: Option<Certificate>) {
        self.changed = Some(certificate);
    }

    fn request_client_certificate(&self) -> BoxFuture<'static, Result<Option<Certificate>, FeatureError>> {
        let known = self.client_certificate();
        let method = self.shared.settings.client_certificate_method;
        let asks = method == ClientCertificateMethod::AllowRenegotiation
            && known.is_none()
            && !self.shared.lock().is_stream()
            && self.shared.supports(DriverFeature::ClientCertificateRenegotiation);
        let handle = self.shared.handle().filter(|_| asks);
        Box::pin(async move {
            let Some(handle) = handle else { return Ok(known) };
            match handle.receive_client_certificate().await {
                Ok(certificate) => Ok(Some(certificate)),
                Err(Win32Error::NOT_FOUND) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
    }
}
