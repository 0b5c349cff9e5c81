//! TLS on one endpoint.

use std::{sync::Arc, time::Duration};

use falconry_features::ServerError;
#[cfg(feature = "http3")]
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, server::ClientHello};

#[cfg(feature = "http3")]
use super::ClientCertificateMode;
use super::{
    HandshakeCounters, HttpsOptions, TlsClientHello, TlsProvider, config::Settings,
    development::development_certificate, options::Selector, sni::SniTable,
};
use crate::{HttpProtocols, ListenOptions, transport::Endpoints};

/// What the handshakes of one endpoint go by.
pub(crate) struct TlsEndpoint {
    choice: Choice,
    selector: Option<Selector>,
    pub(super) handshake_timeout: Option<Duration>,
    pub(super) counters: HandshakeCounters,
}

enum Choice {
    Any(Box<Settings>),
    ByName(SniTable<Settings>),
}

/// What one client gets.
pub(super) struct Chosen {
    pub(super) config: Arc<ServerConfig>,
    pub(super) protocols: HttpProtocols,
}

impl TlsEndpoint {
    /// Reads the certificates of an endpoint.
    pub(crate) fn new(endpoint: &ListenOptions) -> Result<Self, ServerError> {
        Self::build(endpoint, &endpoint.https.options())
            .map_err(|error| ServerError::options(format!("failed to bind to {endpoint}: {error}")))
    }

    fn build(endpoint: &ListenOptions, options: &HttpsOptions) -> Result<Self, ServerError> {
        let provider = options.provider.clone().map_or_else(TlsProvider::compiled_in, Ok)?;
        let protocols = endpoint.protocols;
        let choice = if options.sni().is_empty() {
            let certificate = match &options.server_certificate {
                None if options.selector().is_none() => Some(development_certificate()?),
                certificate => certificate.clone(),
            };
            Choice::Any(Box::new(Settings::new(options, None, protocols, certificate, &provider)?))
        } else {
            let mut fallback = options.server_certificate.clone();
            let needs_fallback = options.sni().values().any(|name| name.certificate.is_none());
            if needs_fallback && fallback.is_none() && options.selector().is_none() {
                fallback = Some(development_certificate()?);
            }
            Choice::ByName(options.sni().try_map(|name| {
                let certificate = name.certificate.clone().or_else(|| fallback.clone());
                Settings::new(options, Some(name), protocols, certificate, &provider)
            })?)
        };
        Ok(Self {
            choice,
            selector: options.selector().cloned(),
            handshake_timeout: options.handshake_timeout(),
            counters: options.counters().clone(),
        })
    }

    /// Chooses by what the client begins with; the error says why nothing fits.
    pub(super) fn choose(&self, hello: &ClientHello<'_>, endpoints: Endpoints) -> Result<Chosen, String> {
        let settings = self.settings(hello)?;
        let config = match &self.selector {
            None => settings.current().ok_or("there is no certificate")?,
            Some(selector) => {
                let certificate = selector(&TlsClientHello::new(hello, endpoints))
                    .ok_or("the selector has chosen no certificate")?;
                settings.with(&certificate).map_err(|error| error.to_string())?
            }
        };
        Ok(Chosen { config, protocols: settings.protocols })
    }

    /// The same for a client of HTTP/3; a selector is not told who it is.
    #[cfg(feature = "http3")]
    pub(super) fn choose_for_quic(
        &self,
        hello: &ClientHello<'_>,
        mode: ClientCertificateMode,
    ) -> Result<Arc<CertifiedKey>, String> {
        let settings = self.settings(hello)?;
        let Some(selector) = &self.selector else { return settings.for_quic(mode, None) };
        let chosen = selector(&TlsClientHello::new(hello, Endpoints::default()))
            .ok_or("the selector has chosen no certificate")?;
        settings.for_quic(mode, Some(&chosen))
    }

    fn settings(&self, hello: &ClientHello<'_>) -> Result<&Settings, String> {
        match &self.choice {
            Choice::Any(settings) => Ok(settings),
            Choice::ByName(table) => table.find(hello.server_name()).ok_or_else(|| {
                format!("no settings for the name '{}'", hello.server_name().unwrap_or_default())
            }),
        }
    }
}

impl std::fmt::Debug for TlsEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsEndpoint")
            .field("handshake_timeout", &self.handshake_timeout)
            .finish_non_exhaustive()
    }
}
