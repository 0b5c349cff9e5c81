//! Which endpoints win, and binding them.

use falconry_features::{ServerAddressesFeature, ServerError};

use crate::{
    BindingAddress, KestrelServerOptions, ListenOptions, Scheme,
    listener::{BoundEndpoint, bind},
};

/// What is bound when nothing else is said.
const DEFAULT_ADDRESS: &str = "http://localhost:5000";

/// Binds what the options and the host's addresses ask for: the addresses if they are preferred,
/// else the endpoints of the options, else the addresses, else the default.
pub(super) fn bind_all(
    options: &KestrelServerOptions,
    addresses: &dyn ServerAddressesFeature,
) -> Result<Vec<BoundEndpoint>, ServerError> {
    let urls = addresses.addresses();
    let configured = options.configured_endpoints().into_iter().map(|endpoint| endpoint.options);
    let endpoints: Vec<_> = options.endpoints().iter().cloned().chain(configured).collect();
    if !urls.is_empty() && (addresses.prefer_hosting_urls() || endpoints.is_empty()) {
        if !endpoints.is_empty() {
            tracing::info!(
                addresses = urls.join(", "),
                "Overriding the endpoints of the options: addresses are preferred"
            );
        }
        return urls.iter().map(|url| bind(&from_address(options, url)?, options)).collect();
    }
    if !urls.is_empty() {
        tracing::warn!(
            addresses = urls.join(", "),
            "Overriding addresses: the options name the endpoints to bind"
        );
    }
    if endpoints.is_empty() {
        tracing::debug!("No endpoints are configured; binding to {DEFAULT_ADDRESS}");
        return Ok(vec![bind(&from_address(options, DEFAULT_ADDRESS)?, options)?]);
    }
    endpoints.iter().map(|endpoint| bind(endpoint, options)).collect()
}

fn from_address(options: &KestrelServerOptions, url: &str) -> Result<ListenOptions, ServerError> {
    let address = BindingAddress::parse(url)?;
    let mut endpoint = options.endpoint(address.resolve()?);
    endpoint.tls |= address.scheme() == Scheme::Https;
    Ok(endpoint)
}
