//! The client's certificate.

use super::Certificate;
use crate::{BoxFuture, Feature, FeatureError};

/// The TLS side of the connection that carries the request. Present means encrypted: servers offer
/// it on HTTPS only (IIS always), middleware behind a proxy sets one of its own.
pub trait TlsConnectionFeature: Feature {
    /// The client's certificate, if the server has it.
    fn client_certificate(&self) -> Option<Certificate>;

    /// Changes the client's certificate, as a certificate-forwarding middleware does.
    fn set_client_certificate(&mut self, certificate: Option<Certificate>);

    /// The client's certificate; asks the client for it if the server is set to do that late.
    ///
    /// Asking happens once per connection. HTTP/2 and HTTP/3 never ask: they give what the
    /// handshake gave.
    ///
    /// # Errors
    /// Invalid state: body data not yet read stands in the way of asking. Not supported: the TLS
    /// library cannot ask. IO: the client did not answer; the connection will close.
    fn request_client_certificate(&self) -> BoxFuture<'static, Result<Option<Certificate>, FeatureError>>;
}

/// The plain [`TlsConnectionFeature`]: the certificate is known or there is none.
///
/// ```
/// use falconry_features::{Certificate, PlainTlsConnection, TlsConnectionFeature};
///
/// let mut tls = PlainTlsConnection::default();
/// assert!(tls.client_certificate().is_none());
/// tls.set_client_certificate(Some(Certificate::from_der(vec![0x30, 0x00])));
/// assert!(tls.client_certificate().is_some());
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlainTlsConnection {
    /// The client's certificate. Default: none.
    pub client_certificate: Option<Certificate>,
}

impl TlsConnectionFeature for PlainTlsConnection {
    fn client_certificate(&self) -> Option<Certificate> {
        self.client_certificate.clone()
    }

    fn set_client_certificate(&mut self, certificate: Option<Certificate>) {
        self.client_certificate = certificate;
    }

    fn request_client_certificate(&self) -> BoxFuture<'static, Result<Option<Certificate>, FeatureError>> {
        Box::pin(std::future::ready(Ok(self.client_certificate.clone())))
    }
}
