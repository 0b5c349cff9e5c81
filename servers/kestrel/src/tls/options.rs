//! What an endpoint of https is made from.

use std::{fmt, sync::Arc, time::Duration};

use falconry_features::{Certificate, FeatureError};

use super::{
    ClientCertificate, HandshakeCounters, ServerCertificate, SniOptions, TlsClientHello, TlsProvider,
    TlsVersions, sni::SniTable,
};

pub(super) type Selector = Arc<dyn Fn(&TlsClientHello<'_>) -> Option<ServerCertificate> + Send + Sync>;
pub(super) type Validation = Arc<dyn Fn(&ClientCertificate<'_>) -> bool + Send + Sync>;

/// TLS on an endpoint: certificates, versions, and what is asked of clients.
///
/// ```
/// # use falconry_kestrel::{HttpsOptions, KestrelServerOptions, ServerCertificate, SniOptions};
/// let mut options = KestrelServerOptions::default();
/// options.listen_any_ip_with(443, |endpoint| {
///     endpoint.use_https_with(|https| {
///         https.server_certificate = Some(ServerCertificate::pem_files("tls.pem", "tls.key"));
///     });
/// });
/// assert_eq!(options.endpoints()[0].to_string(), "https://[::]:443");
/// ```
///
/// Without any certificate the development certificate is used ([`DevelopmentCertificate`](super::DevelopmentCertificate)).
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpsOptions {
    /// The certificate for every name that has none of its own. Default: none.
    pub server_certificate: Option<ServerCertificate>,

    /// Whether clients are asked for a certificate. Default: [`ClientCertificateMode::None`].
    pub client_certificate_mode: ClientCertificateMode,

    /// The roots that a client's certificate must lead to. The system's are not used: they vouch for servers. Default:
    /// none, and then asking for certificates needs [`validate_client_certificates`](Self::validate_client_certificates).
    pub client_certificate_roots: Vec<Certificate>,

    /// The versions of TLS that are spoken. Default: 1.2 and 1.3.
    pub versions: TlsVersions,

    /// The library that does the cryptography. Default: the one that is compiled in.
    pub provider: Option<TlsProvider>,

    handshake_timeout: Option<Duration>,
    sni: SniTable<SniOptions>,
    selector: Option<Selector>,
    validation: Option<Validation>,
    counters: HandshakeCounters,
}

/// Whether a server asks its clients for a certificate.
///
/// Asking later, for one request, cannot be: the TLS library knows no renegotiation, and HTTP/2 forbids it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ClientCertificateMode {
    /// Does not ask.
    #[default]
    None,
    /// Asks; clients may have none. One that is not valid fails the handshake.
    Allow,
    /// Asks; clients without a valid one fail the handshake.
    Require,
}

impl HttpsOptions {
    /// How long a handshake may take; `None` for no limit. Default: 10 seconds.
    pub fn handshake_timeout(&self) -> Option<Duration> {
        self.handshake_timeout
    }

    /// Sets how long a handshake may take.
    ///
    /// # Errors
    /// Out of range: zero.
    pub fn set_handshake_timeout(
        &mut self,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<&mut Self, FeatureError> {
        /// Adding more than this to a point in time could overflow.
        const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
        let timeout = timeout.into().filter(|timeout| *timeout < FOREVER);
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(FeatureError::out_of_range(
                "handshake_timeout is 0ns: it must be longer than zero, or None for no limit",
            ));
        }
        self.handshake_timeout = timeout;
        Ok(self)
    }

    /// Sets what holds for clients that ask for a certain name (SNI): `www.example.org`, `*.example.org` for every name
    /// below that one at any depth, or `*` for every client, also those that name nothing. The exact name wins, then the
    /// longest `*.`, then `*`. Once there is any, clients that none fits are refused.
    ///
    /// ```
    /// # use falconry_kestrel::{HttpsOptions, ServerCertificate, SniOptions};
    /// let mut https = HttpsOptions::default();
    /// let mut example = SniOptions::default();
    /// example.certificate = Some(ServerCertificate::pem_files("example.pem", "example.key"));
    /// https.add_sni("*.example.org", example)?;
    /// assert!(https.add_sni("a*.org", SniOptions::default()).is_err());
    /// # Ok::<(), falconry_features::FeatureError>(())
    /// ```
    ///
    /// # Errors
    /// Invalid argument: the name is empty, has its `*` elsewhere, or was given before.
    pub fn add_sni(&mut self, name: &str, options: SniOptions) -> Result<&mut Self, FeatureError> {
        self.sni.insert(name, options)?;
        Ok(self)
    }

    /// Chooses the certificate of each connection, in the place of all others; `None` refuses the client. It is called
    /// in the connection's task and must not block. A certificate is read when it is first used: keep and clone it.
    pub fn select_certificate(
        &mut self,
        selector: impl Fn(&TlsClientHello<'_>) -> Option<ServerCertificate> + Send + Sync + 'static,
    ) -> &mut Self {
        self.selector = Some(Arc::new(selector));
        self
    }

    /// Decides about clients' certificates; false refuses the client. What the roots say of it is told
    /// ([`ClientCertificate::error`]) but does not decide then.
    pub fn validate_client_certificates(
        &mut self,
        validation: impl Fn(&ClientCertificate<'_>) -> bool + Send + Sync + 'static,
    ) -> &mut Self {
        self.validation = Some(Arc::new(validation));
        self
    }

    /// Takes any client's certificate, whoever has signed it: the application must judge it.
    pub fn allow_any_client_certificate(&mut self) -> &mut Self {
        self.validate_client_certificates(|_| true)
    }

    /// Counts the handshakes of every endpoint that is made from these options; keep a clone to read them.
    pub fn counters(&self) -> &HandshakeCounters {
        &self.counters
    }

    pub(super) fn sni(&self) -> &SniTable<SniOptions> {
        &self.sni
    }

    pub(super) fn selector(&self) -> Option<&Selector> {
        self.selector.as_ref()
    }

    pub(super) fn validation(&self) -> Option<&Validation> {
        self.validation.as_ref()
    }
}

impl Default for HttpsOptions {
    fn default() -> Self {
        Self {
            server_certificate: None,
            client_certificate_mode: ClientCertificateMode::default(),
            client_certificate_roots: Vec::new(),
            versions: TlsVersions::default(),
            provider: None,
            handshake_timeout: Some(Duration::from_secs(10)),
            sni: SniTable::default(),
            selector: None,
            validation: None,
            counters: HandshakeCounters::default(),
        }
    }
}

impl fmt::Debug for HttpsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpsOptions")
            .field("server_certificate", &self.server_certificate)
            .field("client_certificate_mode", &self.client_certificate_mode)
            .field("client_certificate_roots", &self.client_certificate_roots.len())
            .field("versions", &self.versions)
            .field("handshake_timeout", &self.handshake_timeout)
            .field("sni", &self.sni)
            .finish_non_exhaustive()
    }
}
