//! [`CertificateForwarding`]: the client's certificate from a field that the proxy sets.

use std::{fmt, sync::Arc};

use falconry_features::{BoxFuture, Certificate, PlainTlsConnection, TlsConnectionFeature};
use http::{HeaderName, HeaderValue};

use super::certificate;
use crate::{HttpContext, Middleware, Next, Result};

/// Makes a certificate of a field's value.
type Convert = Arc<dyn Fn(&HeaderValue) -> Option<Certificate> + Send + Sync>;

/// How [`CertificateForwarding`] finds the certificate.
#[derive(Clone)]
#[non_exhaustive]
pub struct CertificateForwardingOptions {
    /// The field. Default: `X-Client-Cert`.
    pub certificate_header: HeaderName,
    /// Makes a certificate of the field's value; `None` if it is none. Default: the DER form in base64.
    pub header_converter: Convert,
}

impl Default for CertificateForwardingOptions {
    fn default() -> Self {
        Self {
            certificate_header: HeaderName::from_static("x-client-cert"),
            header_converter: Arc::new(|value| certificate::from_base64(value.as_bytes())),
        }
    }
}

impl fmt::Debug for CertificateForwardingOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateForwardingOptions")
            .field("certificate_header", &self.certificate_header)
            .finish_non_exhaustive()
    }
}

/// Gives the request the client certificate that a proxy, where TLS ends, puts into a field.
///
/// Whoever can reach the program can send the field: the proxy has to remove what clients send, and
/// nobody may get past it. A value that is no certificate is noted in the log; the request then has none.
///
/// ```
/// use falconry::{Pipeline, middleware::CertificateForwarding};
///
/// let app = Pipeline::new().use_(CertificateForwarding::default());
/// ```
#[derive(Clone, Debug, Default)]
pub struct CertificateForwarding {
    options: CertificateForwardingOptions,
}

impl CertificateForwarding {
    /// The middleware with these options.
    pub fn new(options: CertificateForwardingOptions) -> Self {
        Self { options }
    }
}

impl Middleware for CertificateForwarding {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, Result> {
        let CertificateForwardingOptions { certificate_header: name, header_converter } = &self.options;
        match ctx.request().headers().get(name).filter(|value| !value.is_empty()) {
            Some(value) => {
                let certificate = header_converter(value);
                with_certificate(ctx, next, certificate, name)
            }
            None => next.start(ctx),
        }
    }
}

/// Runs what comes next with a TLS feature that has this certificate.
pub(super) fn with_certificate<'a>(
    ctx: &'a mut HttpContext,
    next: Next<'a>,
    client_certificate: Option<Certificate>,
    field: &HeaderName,
) -> BoxFuture<'a, Result> {
    if client_certificate.is_none() {
        tracing::warn!(%field, "the value is no certificate; the request has none");
    }
    let forwarded = Box::new(PlainTlsConnection { client_certificate });
    let before = ctx.features_mut().set::<dyn TlsConnectionFeature>(forwarded);
    Box::pin(async move {
        let result = next.run(ctx).await;
        // It belongs to this request; the collection may serve the next one.
        match before {
            Some(before) => drop(ctx.features_mut().set(before)),
            None => drop(ctx.features_mut().take::<dyn TlsConnectionFeature>()),
        }
        result
    })
}
