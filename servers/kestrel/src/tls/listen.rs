//! https among the options of endpoints and of the server.

use std::{fmt, sync::Arc};

use super::HttpsOptions;
use crate::{KestrelServerOptions, ListenOptions};

pub(crate) type ConfigureHttps = Arc<dyn Fn(&mut HttpsOptions) + Send + Sync>;

/// What one endpoint was told of https.
#[derive(Clone, Default)]
pub(crate) struct EndpointHttps {
    options: Option<Arc<HttpsOptions>>,
    defaults: Option<ConfigureHttps>,
}

impl EndpointHttps {
    /// Sets what fills the options of this endpoint before anything else.
    pub(crate) fn set_defaults(&mut self, defaults: Option<ConfigureHttps>) {
        self.defaults = defaults;
    }

    /// The options to use.
    pub(super) fn options(&self) -> Arc<HttpsOptions> {
        self.options.clone().unwrap_or_else(|| Arc::new(self.with_defaults()))
    }

    fn with_defaults(&self) -> HttpsOptions {
        let mut options = HttpsOptions::default();
        if let Some(configure) = &self.defaults {
            configure(&mut options);
        }
        options
    }
}

/// Equal if both share the same options.
impl PartialEq for EndpointHttps {
    fn eq(&self, other: &Self) -> bool {
        same(self.options.as_ref(), other.options.as_ref())
            && same(self.defaults.as_ref(), other.defaults.as_ref())
    }
}

impl Eq for EndpointHttps {}

impl fmt::Debug for EndpointHttps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

fn same<T: ?Sized>(one: Option<&Arc<T>>, other: Option<&Arc<T>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => std::ptr::addr_eq(Arc::as_ptr(one), Arc::as_ptr(other)),
        (None, None) => true,
        _ => false,
    }
}

impl ListenOptions {
    /// Speaks https here, with these options and none of the server's defaults.
    pub fn use_https(&mut self, options: HttpsOptions) -> &mut Self {
        self.tls = true;
        self.https.options = Some(Arc::new(options));
        self
    }

    /// Speaks https here; `configure` changes the server's defaults for this endpoint.
    ///
    /// ```
    /// # use falconry_kestrel::{KestrelServerOptions, ServerCertificate, TlsVersions};
    /// let mut options = KestrelServerOptions::default();
    /// options.listen_with("127.0.0.1:8443".parse()?, |endpoint| {
    ///     endpoint.use_https_with(|https| {
    ///         https.server_certificate = Some(ServerCertificate::pem_files("tls.pem", "tls.key"));
    ///         https.versions = TlsVersions::TLS13;
    ///     });
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn use_https_with(&mut self, configure: impl FnOnce(&mut HttpsOptions)) -> &mut Self {
        let mut options = self.https.with_defaults();
        configure(&mut options);
        self.use_https(options)
    }
}

impl KestrelServerOptions {
    /// Sets up https for every endpoint that is made from now on: before the closure of
    /// [`use_https_with`](ListenOptions::use_https_with), and for `https://` addresses. The last call counts.
    ///
    /// ```
    /// # use falconry_kestrel::{KestrelServerOptions, ServerCertificate};
    /// let mut options = KestrelServerOptions::default();
    /// let certificate = ServerCertificate::pem_files("tls.pem", "tls.key");
    /// options.configure_https_defaults(move |https| https.server_certificate = Some(certificate.clone()));
    /// ```
    pub fn configure_https_defaults(
        &mut self,
        configure: impl Fn(&mut HttpsOptions) + Send + Sync + 'static,
    ) -> &mut Self {
        self.https_defaults = Some(Arc::new(configure));
        self
    }
}
