//! Which endpoints win, and binding them.

use falconry_features::{ServerAddressesFeature, ServerError};

use crate::{
    BindingAddress, KestrelServerOptions, ListenOptions, Scheme,
    configuration::EndpointSettings,
    listener::{BoundEndpoint, bind},
};

/// What is bound when nothing else is said.
const DEFAULT_ADDRESS: &str = "http://localhost:5000";

/// What has been bound at the start.
pub(super) struct Bound {
    /// Those of code or of addresses.
    pub(super) fixed: Vec<BoundEndpoint>,
    /// Those of the configuration, which may change.
    pub(super) configured: Vec<(EndpointSettings, BoundEndpoint)>,
    /// False if addresses are preferred to all endpoints.
    pub(super) follows_configuration: bool,
}

/// Binds what the options and the host's addresses ask for: the addresses if they are preferred,
/// else the endpoints of the options, else the addresses, else the default.
pub(super) fn bind_all(
    options: &KestrelServerOptions,
    addresses: &dyn ServerAddressesFeature,
) -> Result<Bound, ServerError> {
    let urls = addresses.addresses();
    let endpoints = options.endpoints();
    let configured = options.configured_endpoints();
    let has_endpoints = !endpoints.is_empty() || !configured.is_empty();
    let follows_configuration = urls.is_empty() || !addresses.prefer_hosting_urls();
    if !urls.is_empty() && (!follows_configuration || !has_endpoints) {
        if has_endpoints {
            tracing::info!(
                addresses = urls.join(", "),
                "Overriding the endpoints of the options: addresses are preferred"
            );
        }
        let fixed = urls.iter().map(|url| bind(&from_address(options, url)?, options));
        return Ok(Bound {
            fixed: fixed.collect::<Result<_, _>>()?,
            configured: Vec::new(),
            follows_configuration,
        });
    }
    if !urls.is_empty() {
        tracing::warn!(
            addresses = urls.join(", "),
            "Overriding addresses: the options name the endpoints to bind"
        );
    }
    if !has_endpoints {
        tracing::debug!("No endpoints are configured; binding to {DEFAULT_ADDRESS}");
        let fixed = vec![bind(&from_address(options, DEFAULT_ADDRESS)?, options)?];
        return Ok(Bound { fixed, configured: Vec::new(), follows_configuration });
    }
    let fixed = endpoints.iter().map(|endpoint| bind(endpoint, options)).collect::<Result<_, _>>()?;
    let configured = configured
        .into_iter()
        .map(|endpoint| Ok((endpoint.settings, bind(&endpoint.options, options)?)))
        .collect::<Result<_, ServerError>>()?;
    Ok(Bound { fixed, configured, follows_configuration })
}

fn from_address(options: &KestrelServerOptions, url: &str) -> Result<ListenOptions, ServerError> {
    let address = BindingAddress::parse(url)?;
    let mut endpoint = options.endpoint(address.resolve()?);
    endpoint.tls |= address.scheme() == Scheme::Https;
    Ok(endpoint)
}
