//! Settings from files, the environment and wherever else: the section `Kestrel`.
//!
//! [`KestrelConfiguration`] holds them by key; [`KestrelServerOptions::configure`] reads and judges all of them at once,
//! so that nothing wrong waits for the moment it is needed.

mod certificate;
mod endpoints;
#[cfg(feature = "tls")]
mod https;
#[cfg(not(feature = "tls"))]
#[path = "https_absent.rs"]
mod https;
mod limits;
mod names;
mod section;
mod server;
mod settings;
#[cfg(test)]
mod tests;
mod values;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use falconry_features::ServerError;

use self::section::Section;
pub(crate) use self::{
    endpoints::{Configured, ConfiguredEndpoint, EndpointSettings},
    settings::Layers,
};
use crate::{KestrelServerOptions, ListenOptions};

/// Settings of Kestrel by key, as a host gathers them: what lies under its section `Kestrel`.
///
/// Keys ignore case and have `:` between their parts; the elements of a list are numbered.
///
/// ```
/// # use falconry_kestrel::{KestrelConfiguration, KestrelServerOptions};
/// let settings = [
///     ("Endpoints:Public:Url", "https://*:443"),
///     ("Endpoints:Public:Certificate:Path", "tls.pem"),
///     ("Endpoints:Public:Certificate:KeyPath", "tls.key"),
///     ("Endpoints:Admin:Url", "http://127.0.0.1:8081"),
///     ("Endpoints:Admin:Protocols", "Http1"),
///     ("Limits:KeepAliveTimeout", "00:02:10"),
///     ("Limits:MaxRequestBodySize", "1000000"),
/// ];
/// let configuration = KestrelConfiguration::new(settings).with_content_root("/srv/app");
/// let mut options = KestrelServerOptions::default();
/// options.configure(configuration)?;
/// assert_eq!(options.limits.max_request_body_size(), Some(1_000_000));
///
/// let wrong = KestrelConfiguration::new([("Endpoints:Admin:Url", "http://*:80"), ("Endpoints:Admin:Protocols", "Spdy")]);
/// assert_eq!(
///     options.configure(wrong.with_sources(|_| Some("app.json".into()))).unwrap_err().to_string(),
///     "`Kestrel:Endpoints:Admin:Protocols` is \"Spdy\" (from app.json): it takes Http1, Http2, Http1AndHttp2, Http3 or \
///      Http1AndHttp2AndHttp3"
/// );
/// # Ok::<(), falconry_features::ServerError>(())
/// ```
///
/// # Keys
///
/// | key | value | default |
/// |---|---|---|
/// | `Endpoints:<name>:Url` | an address; or `systemd:NAME`, `https://systemd:NAME`, `fd:NUMBER` for sockets that the process was started with ([`ListenHandle::inherited`](crate::ListenHandle::inherited)); required | |
/// | `Endpoints:<name>:Protocols` | `Http1`, `Http2`, `Http1AndHttp2`, `Http3`, `Http1AndHttp2AndHttp3` | that of `EndpointDefaults` |
/// | `Endpoints:<name>:SslProtocols` | a list of `Tls12`, `Tls13` | as above, else both |
/// | `Endpoints:<name>:ClientCertificateMode` | `NoCertificate`, `AllowCertificate`, `RequireCertificate` | as above, else the first |
/// | `Endpoints:<name>:ClientCertificateAuthorities` | a PEM file with the roots of clients' certificates | none |
/// | `Endpoints:<name>:HandshakeTimeout` | a time; empty for no limit | 10 s |
/// | `Endpoints:<name>:Certificate` | `Path` (PKCS#12, or PEM that holds the key too) and `Password`; or `Path`, `KeyPath` (PEM) and the `Password` of the key | `Certificates:Default`, else the development certificate |
/// | `Endpoints:<name>:Sni:<host name>` | `Certificate`, `Protocols`, `SslProtocols`, `ClientCertificateMode` for clients that ask for that name | |
/// | `Endpoints:<name>:ProxyProtocol` | `TrustedNetworks` (a list) and `Timeout`, see [`ProxyProtocolOptions`](crate::ProxyProtocolOptions) | nobody is believed |
/// | `EndpointDefaults` | `Protocols` and the TLS keys, for every endpoint without its own | |
/// | `Certificates:Default` | as `Certificate` above, for every endpoint without its own | |
/// | `Limits:*` | the members of [`KestrelServerLimits`](crate::KestrelServerLimits), `Limits:Http2:*`, `Limits:Http3:*` | as there |
/// | `AddServerHeader`, `AllowAlternateSchemes`, `AllowHostHeaderOverride`, `AllowResponseHeaderCompression` | `true`, `false` | as in [`KestrelServerOptions`] |
/// | `Transport:*` | the members of [`SocketTransportOptions`](crate::SocketTransportOptions) | as there |
///
/// Times are written as `00:02:10` (with days as `1.00:00:00`, with fractions as `00:00:00.5`) or with a unit: `130s`,
/// `500ms`, `2m`, `1h`, `1d`. Sizes are in bytes. An empty value (`null` in JSON) of a limit that may be absent means no
/// limit; elsewhere it counts as not set. A key that means nothing is reported by a warning with the nearest one.
#[derive(Clone)]
pub struct KestrelConfiguration {
    /// By the key in lower case.
    entries: BTreeMap<String, Entry>,
    content_root: PathBuf,
}

#[derive(Clone)]
struct Entry {
    key: String,
    value: String,
    source: Option<String>,
}

impl KestrelConfiguration {
    /// These keys with their values; of equal keys the last counts.
    pub fn new<K, V>(settings: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        let entries = settings.into_iter().map(|(key, value)| {
            let key = key.into();
            (key.to_ascii_lowercase(), Entry { key, value: value.into(), source: None })
        });
        Self { entries: entries.collect(), content_root: PathBuf::new() }
    }

    /// Says where the value of each key comes from, such as the name of a file: for messages.
    #[must_use]
    pub fn with_sources(mut self, source: impl Fn(&str) -> Option<String>) -> Self {
        self.entries.values_mut().for_each(|entry| entry.source = source(&entry.key));
        self
    }

    /// The folder at which relative paths of certificates start. Default: the working folder.
    #[must_use]
    pub fn with_content_root(mut self, folder: impl Into<PathBuf>) -> Self {
        self.content_root = folder.into();
        self
    }

    /// Reads everything; the options are changed only if nothing is wrong.
    fn read(&self, options: &mut KestrelServerOptions) -> Result<Vec<String>, ServerError> {
        let root = Section::root(self);
        let before = Layers::base(options);
        let (mut settings, mut transport) = (before.clone(), options.transport.clone());
        limits::read(&root.child("Limits"), &mut settings.limits)?;
        server::read_transport(&root.child("Transport"), &mut transport)?;
        server::Switches::read(&root)?.apply(&mut settings);
        let endpoints = Configured::read(&root)?;
        root.warn_of_unknown();

        options.layers = Some(Layers::apply(before, settings, options));
        options.transport = transport;
        options.configured = Some(Arc::new(endpoints));
        Ok(root.into_warnings())
    }

    fn path_of(&self, path: &str) -> PathBuf {
        self.content_root.join(Path::new(path))
    }
}

impl From<BTreeMap<String, String>> for KestrelConfiguration {
    fn from(settings: BTreeMap<String, String>) -> Self {
        Self::new(settings)
    }
}

/// Shows keys and no values: some are secrets.
impl fmt::Debug for KestrelConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.entries.values().map(|entry| &entry.key)).finish()
    }
}

impl KestrelServerOptions {
    /// Takes limits, switches and endpoints from a configuration, in the place of those of an earlier one. What code
    /// sets afterwards wins; the endpoints of code and those of the configuration are all bound.
    ///
    /// Call it before the `listen` methods, so that they see `EndpointDefaults`.
    ///
    /// # Errors
    /// Options: a value that cannot be, with its key and what it takes. Address: a `Url` that is no address. The
    /// options are left as they were.
    pub fn configure(
        &mut self,
        configuration: impl Into<KestrelConfiguration>,
    ) -> Result<&mut Self, ServerError> {
        for warning in configuration.into().read(self)? {
            tracing::warn!("{warning}");
        }
        Ok(self)
    }

    /// Sets up the endpoint that the configuration names so, in whatever case, after what the configuration says of it.
    /// Nothing happens if there is none. All calls count, in their order.
    ///
    /// ```
    /// # use falconry_kestrel::KestrelServerOptions;
    /// let mut options = KestrelServerOptions::default();
    /// options.configure_endpoint("Public", |endpoint| endpoint.disable_alt_svc_header = true);
    /// ```
    pub fn configure_endpoint(
        &mut self,
        name: impl Into<String>,
        configure: impl Fn(&mut ListenOptions) + Send + Sync + 'static,
    ) -> &mut Self {
        self.named.push((name.into(), Arc::new(configure)));
        self
    }
}
