//! What the TLS library is told for one kind of client.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use falconry_features::ServerError;
use rustls::{
    ServerConfig,
    server::{ClientHello, ResolvesServerCert, ServerSessionMemoryCache},
    sign::CertifiedKey,
};

use super::{
    ClientCertificateMode, HttpsOptions, ServerCertificate, SniOptions, TlsProvider, TlsVersions, alpn,
    client, provider::Resumption,
};
use crate::HttpProtocols;

/// Sessions of clients that know no tickets.
const SESSIONS_WITHOUT_TICKET: usize = 256;

/// The settings for one name, or for all.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) protocols: HttpProtocols,
    certificate: Option<ServerCertificate>,
    provider: TlsProvider,
    template: ServerConfig,
    #[cfg(feature = "http3")]
    demands: (TlsVersions, ClientCertificateMode),
    built: ArcSwapOption<Built>,
}

/// The configuration with a certificate, as long as that is the current one.
#[derive(Debug)]
struct Built {
    pair: Arc<CertifiedKey>,
    config: Arc<ServerConfig>,
}

impl Settings {
    /// The settings of an endpoint, or of one of its names.
    pub(super) fn new(
        options: &HttpsOptions,
        name: Option<&SniOptions>,
        protocols: HttpProtocols,
        certificate: Option<ServerCertificate>,
        provider: &TlsProvider,
    ) -> Result<Self, ServerError> {
        let protocols = name.and_then(|name| name.protocols).unwrap_or(protocols);
        let versions = name.and_then(|name| name.versions).unwrap_or(options.versions);
        let mode =
            name.and_then(|name| name.client_certificate_mode).unwrap_or(options.client_certificate_mode);
        if let Some(certificate) = &certificate {
            certificate.load(provider)?;
        }
        Ok(Self {
            protocols,
            certificate,
            template: template(options, versions, mode, protocols, provider)?,
            provider: provider.clone(),
            #[cfg(feature = "http3")]
            demands: (versions, mode),
            built: ArcSwapOption::empty(),
        })
    }

    /// The configuration with the current certificate.
    pub(super) fn current(&self) -> Option<Arc<ServerConfig>> {
        let pair = self.certificate.as_ref()?.current()?;
        if let Some(built) = &*self.built.load()
            && Arc::ptr_eq(&built.pair, &pair)
        {
            return Some(Arc::clone(&built.config));
        }
        // Clients cannot resume what they began with an old certificate: they see the new one.
        let mut config = self.template.clone();
        resumable(&mut config, &self.provider);
        config.cert_resolver = Arc::new(Fixed(Some(Arc::clone(&pair))));
        let config = Arc::new(config);
        self.built.store(Some(Arc::new(Built { pair, config: Arc::clone(&config) })));
        Some(config)
    }

    /// The configuration with a certificate that was chosen for one connection.
    pub(super) fn with(&self, certificate: &ServerCertificate) -> Result<Arc<ServerConfig>, ServerError> {
        let pair = match certificate.current() {
            Some(pair) => pair,
            None => certificate.load(&self.provider)?,
        };
        let mut config = self.template.clone();
        config.cert_resolver = Arc::new(Fixed(Some(pair)));
        Ok(Arc::new(config))
    }
}

#[cfg(feature = "http3")]
impl Settings {
    /// The certificate for a client of HTTP/3, whose handshake makes these demands on clients.
    pub(super) fn for_quic(
        &self,
        mode: ClientCertificateMode,
        chosen: Option<&ServerCertificate>,
    ) -> Result<Arc<CertifiedKey>, String> {
        let (versions, own_mode) = self.demands;
        if !self.protocols.contains(HttpProtocols::HTTP3) || !versions.contains(TlsVersions::TLS13) {
            return Err("the name has no HTTP/3".to_owned());
        }
        if own_mode != mode {
            return Err("the name makes other demands on clients than its endpoint".to_owned());
        }
        let certificate = chosen.or(self.certificate.as_ref()).ok_or("there is no certificate")?;
        match certificate.current() {
            Some(pair) => Ok(pair),
            None => certificate.load(&self.provider).map_err(|error| error.to_string()),
        }
    }
}

fn template(
    options: &HttpsOptions,
    versions: TlsVersions,
    mode: ClientCertificateMode,
    protocols: HttpProtocols,
    provider: &TlsProvider,
) -> Result<ServerConfig, ServerError> {
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider.crypto()))
        .with_protocol_versions(&versions.supported())
        .map_err(|error| {
            ServerError::options(format!(
                "the provider of cryptography does not fit {versions:?}: {error}; choose other versions"
            ))
        })?;
    let builder = match client::verifier(mode, options, provider)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(Fixed(None)));
    config.alpn_protocols = alpn::offered(protocols);
    resumable(&mut config, provider);
    Ok(config)
}

/// Lets clients resume; nothing is shared with other configurations, whose demands may differ.
pub(super) fn resumable(config: &mut ServerConfig, provider: &TlsProvider) {
    match provider.resumption() {
        Resumption::Tickets(ticketer) => {
            config.ticketer = ticketer;
            config.session_storage = ServerSessionMemoryCache::new(SESSIONS_WITHOUT_TICKET);
        }
        Resumption::Store(store) => config.session_storage = store,
    }
}

/// Always the same certificate.
#[derive(Debug)]
struct Fixed(Option<Arc<CertifiedKey>>);

impl ResolvesServerCert for Fixed {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }
}
