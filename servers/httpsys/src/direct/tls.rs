//! The client's certificate on a connection of Kestrel.

use std::sync::Arc;

use falconry_features::{BoxFuture, Certificate, FeatureError, TlsConnectionFeature};

use super::DirectShared;
use crate::{ClientCertificateMethod, driver::TlsInfo};

/// What the handshake brought; this driver asks for nothing later.
#[derive(Debug)]
pub(super) struct DirectTls {
    shared: Arc<DirectShared>,
    of_handshake: Option<Certificate>,
    /// Another one that middleware has set for its request.
    changed: Option<Option<Certificate>>,
}

impl DirectTls {
    pub(super) fn new(shared: Arc<DirectShared>, tls: &TlsInfo, method: ClientCertificateMethod) -> Self {
        let of_handshake = match method {
            ClientCertificateMethod::NoCertificate => None,
            _ => tls.client_certificate.clone(),
        };
        Self { shared, of_handshake, changed: None }
    }

    pub(super) fn clear(&mut self) {
        self.changed = None;
    }
}

impl TlsConnectionFeature for DirectTls {
    fn client_certificate(&self) -> Option<Certificate> {
        self.changed.as_ref().unwrap_or(&self.of_handshake).clone()
    }

    fn set_client_certificate(&mut self, certificate: Option<Certificate>) {
        self.shared.note_change();
        self.changed = Some(certificate);
    }

    fn request_client_certificate(&self) -> BoxFuture<'static, Result<Option<Certificate>, FeatureError>> {
        Box::pin(std::future::ready(Ok(self.client_certificate())))
    }
}
