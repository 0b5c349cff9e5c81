//! The addresses that the host gives the server.

use falconry_features::{FeatureError, Server, ServerAddressesFeature};

use super::{Configuration, HostError, configuration::ConfigurationError, console::Console};

/// What the configuration says about addresses.
struct Wanted {
    addresses: Vec<String>,
    warning: Option<String>,
}

/// Fills the server's list unless the program has filled it or the server takes no addresses.
///
/// `preferHostingUrls` counts only here: addresses that the program adds itself stand back behind
/// endpoints that it configures in the server itself, as in the original.
pub(super) fn hand_over(
    configuration: &Configuration,
    server: &dyn Server,
    console: &Console,
) -> Result<(), HostError> {
    let Some(feature) = server.features().get::<dyn ServerAddressesFeature>() else { return Ok(()) };
    if !feature.addresses().is_empty() {
        return Ok(());
    }
    let wanted = wanted(configuration)?;
    if let Some(warning) = wanted.warning {
        console.warn(&warning);
    }
    if let Some(prefer) = configuration.flag("preferHostingUrls")? {
        feature.set_prefer_hosting_urls(prefer);
    }
    let added: Result<(), FeatureError> =
        wanted.addresses.iter().try_for_each(|address| feature.add(address));
    added.map_err(HostError::start)
}

/// The addresses bound, each followed by `localhost` where the name is one under it: both reach it.
pub(super) fn to_show(server: &dyn Server) -> Vec<String> {
    let Some(feature) = server.features().get::<dyn ServerAddressesFeature>() else { return Vec::new() };
    let mut shown = Vec::new();
    for address in feature.addresses() {
        let plain = under_localhost(&address);
        shown.push(address);
        shown.extend(plain);
    }
    shown
}

fn wanted(configuration: &Configuration) -> Result<Wanted, ConfigurationError> {
    let http = configuration.filled("http_ports");
    let https = configuration.filled("https_ports");
    if let Some(urls) = configuration.filled("urls") {
        let overridden = http.is_some() || https.is_some();
        let warning = overridden.then(|| {
            format!(
                "Overriding HTTP_PORTS '{}' and HTTPS_PORTS '{}'. Binding to values defined by URLS instead '{urls}'.",
                http.unwrap_or_default(),
                https.unwrap_or_default(),
            )
        });
        let addresses = urls.split(';').filter(|url| !url.is_empty()).map(str::to_owned).collect();
        return Ok(Wanted { addresses, warning });
    }
    let mut addresses = from_ports(configuration, "http_ports", "http")?;
    addresses.extend(from_ports(configuration, "https_ports", "https")?);
    Ok(Wanted { addresses, warning: None })
}

fn from_ports(
    configuration: &Configuration,
    key: &str,
    scheme: &str,
) -> Result<Vec<String>, ConfigurationError> {
    let ports = configuration.get(key).unwrap_or_default();
    let ports = ports.split(';').map(str::trim).filter(|port| !port.is_empty());
    ports
        .map(|port| match port.parse::<u16>() {
            Ok(port) => Ok(format!("{scheme}://*:{port}")),
            Err(_) => Err(configuration.refuse(
                key,
                "port numbers from 0 to 65535 with `;` between them, as \"8080;8081\"; for addresses use `urls`",
            )),
        })
        .collect()
}

/// `http://localhost:5000` for `http://name.localhost:5000`.
fn under_localhost(address: &str) -> Option<String> {
    const NAME: &str = ".localhost";
    let (scheme, rest) = address.split_once("://")?;
    let host_end = rest.find([':', '/']).unwrap_or(rest.len());
    let (host, rest) = rest.split_at(host_end);
    let start = host.len().checked_sub(NAME.len()).filter(|start| *start > 0)?;
    let is_under = host.get(start..)?.eq_ignore_ascii_case(NAME);
    is_under.then(|| format!("{scheme}://localhost{rest}"))
}
