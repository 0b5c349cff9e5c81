//! `Endpoints`, `EndpointDefaults` and `Certificates`.

use falconry_features::ServerError;

use super::{certificate::CertificateSettings, https::HttpsSettings, section::Section};
use crate::{
    BindingAddress, HttpProtocols, KestrelServerOptions, ListenEndpoint, ListenHandle, ListenOptions,
    ProxyProtocolOptions, Scheme,
};

/// The keys that only an https endpoint has.
const HTTPS_ONLY: [&str; 6] = [
    "Certificate",
    "ClientCertificateAuthorities",
    "ClientCertificateMode",
    "HandshakeTimeout",
    "Sni",
    "SslProtocols",
];

/// What a configuration says of endpoints.
#[derive(Clone)]
pub(crate) struct Configured {
    defaults: Defaults,
    endpoints: Vec<EndpointSettings>,
}

/// What holds for every endpoint that says nothing else.
#[derive(Clone, Default, PartialEq)]
struct Defaults {
    protocols: Option<HttpProtocols>,
    https: HttpsSettings,
    certificate: Option<CertificateSettings>,
}

/// What a configuration says of one endpoint. Equal ones need no restart.
#[derive(Clone, PartialEq)]
pub(crate) struct EndpointSettings {
    name: String,
    place: ListenEndpoint,
    protocols: Option<HttpProtocols>,
    https: Option<HttpsSettings>,
    proxy_protocol: Option<ProxyProtocolOptions>,
    defaults: Defaults,
}

/// An endpoint of a configuration, ready to be bound.
pub(crate) struct ConfiguredEndpoint {
    pub(crate) settings: EndpointSettings,
    pub(crate) options: ListenOptions,
}

impl Configured {
    pub(super) fn read(root: &Section<'_>) -> Result<Self, ServerError> {
        let certificates = root.child("Certificates");
        let certificate = CertificateSettings::read(&certificates.child("Default"))?;
        certificates.warn_of_unknown();

        let section = root.child("EndpointDefaults");
        let protocols = section.child("Protocols").protocols()?;
        let defaults = Defaults { protocols, https: HttpsSettings::read_defaults(&section)?, certificate };
        section.warn_of_unknown();

        let mut endpoints = Vec::new();
        for (name, section) in root.child("Endpoints").children() {
            endpoints.extend(EndpointSettings::read(name, &section, &defaults)?);
        }
        Ok(Self { defaults, endpoints })
    }

    pub(crate) fn protocols(&self) -> Option<HttpProtocols> {
        self.defaults.protocols
    }

    /// What every endpoint of https begins with.
    #[cfg(feature = "tls")]
    pub(crate) fn https_defaults(
        &self,
        code: Option<crate::tls::ConfigureHttps>,
    ) -> Option<crate::tls::ConfigureHttps> {
        super::https::https_defaults(&self.defaults.https, self.defaults.certificate.as_ref(), code)
    }
}

impl EndpointSettings {
    fn read(name: String, section: &Section<'_>, defaults: &Defaults) -> Result<Vec<Self>, ServerError> {
        let url = section.child("Url");
        let Some(text) = url.filled() else {
            return Err(
                section.error("`Url` is missing: give the endpoint an address such as http://localhost:5000")
            );
        };
        let address =
            Place::parse(text).map_err(|error| ServerError::address(url.error(error).to_string()))?;
        if !address.is_https
            && let Some(key) = HTTPS_ONLY.into_iter().find(|key| section.child(key).is_set())
        {
            return Err(section.child(key).error(format_args!(
                "only an https endpoint has this key, and `{}` is {text:?}: begin it with https:// or leave the key out",
                url.key()
            )));
        }
        let protocols = section.child("Protocols").protocols()?;
        let https = HttpsSettings::read(section)?;
        let proxy_protocol = read_proxy_protocol(&section.child("ProxyProtocol"))?;
        section.warn_of_unknown();
        let mut defaults = defaults.clone();
        if !address.is_https {
            // What it does not use need not restart it.
            (defaults.https, defaults.certificate) = Default::default();
        }
        let settings = |place| Self {
            name: name.clone(),
            place,
            protocols,
            https: address.is_https.then(|| https.clone()),
            proxy_protocol: proxy_protocol.clone(),
            defaults: defaults.clone(),
        };
        Ok(address.places.into_iter().map(settings).collect())
    }

    /// Where it listens.
    pub(crate) fn place(&self) -> &ListenEndpoint {
        &self.place
    }

    /// The same, whatever its name.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let renamed = Self { name: other.name.clone(), ..self.clone() };
        renamed == *other
    }

    fn options(&self, server: &KestrelServerOptions) -> ListenOptions {
        let mut options = server.endpoint(self.place.clone());
        options.protocols = self.protocols.unwrap_or(options.protocols);
        if let Some(https) = &self.https {
            https.apply(&mut options);
        }
        if let Some(proxy_protocol) = &self.proxy_protocol {
            options.use_proxy_protocol(proxy_protocol.clone());
        }
        for (name, configure) in &server.named {
            if name.eq_ignore_ascii_case(&self.name) {
                configure(&mut options);
            }
        }
        options
    }
}

impl KestrelServerOptions {
    /// The endpoints of the configuration.
    pub(crate) fn configured_endpoints(&self) -> Vec<ConfiguredEndpoint> {
        let settings = self.configured.iter().flat_map(|configured| &configured.endpoints);
        settings
            .map(|settings| ConfiguredEndpoint {
                settings: settings.clone(),
                options: settings.options(self),
            })
            .collect()
    }
}

/// `TrustedNetworks`, a list or one text with commas, and `Timeout`.
fn read_proxy_protocol(section: &Section<'_>) -> Result<Option<ProxyProtocolOptions>, ServerError> {
    let networks = section.child("TrustedNetworks");
    let names = networks.texts();
    let timeout = section.child("Timeout").time_or_unlimited()?;
    section.warn_of_unknown();
    if names.is_empty() {
        return match section.is_set() {
            true => Err(networks.error("name the proxies to believe, such as 10.0.0.0/8")),
            false => Ok(None),
        };
    }
    let options = ProxyProtocolOptions::trusting(names).map_err(|error| networks.error(error))?;
    Ok(Some(match timeout {
        Some(timeout) => options.with_timeout(timeout),
        None => options,
    }))
}

/// What a `Url` stands for.
struct Place {
    places: Vec<ListenEndpoint>,
    is_https: bool,
}

impl Place {
    fn parse(text: &str) -> Result<Self, ServerError> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let is_https = scheme.eq_ignore_ascii_case("https");
        let inherited = ["systemd:", "fd:"].into_iter().find_map(|start| rest.strip_prefix(start));
        if let Some(name) = inherited.filter(|_| is_https || scheme.eq_ignore_ascii_case("http")) {
            let handles = ListenHandle::inherited(name)?;
            return Ok(Self { places: handles.into_iter().map(ListenEndpoint::Handle).collect(), is_https });
        }
        let address = BindingAddress::parse(text)?;
        Ok(Self { places: vec![address.resolve()?], is_https: address.scheme() == Scheme::Https })
    }
}
