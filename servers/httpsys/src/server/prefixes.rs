//! Which prefixes a server registers, and on which ports.

use std::sync::atomic::{AtomicU16, Ordering};

use falconry_features::{FeatureError, ServerAddressesFeature, ServerError};

use crate::{
    HttpSysOptions, UrlPrefix,
    driver::{UrlGroup, Win32Error},
};

/// What is registered when nothing else is said.
const DEFAULT_PREFIX: &str = "http://localhost:5000";

/// The ports that are tried for port 0.
const FIRST_PORT: u16 = 5000;
const PORTS: u16 = 43_000;
const TRIES: u16 = 1000;

/// The prefixes to register: the host's addresses if they are preferred, else those of the options, else the addresses,
/// else the default for who has made the queue.
pub(super) fn wanted(
    options: &HttpSysOptions,
    addresses: &dyn ServerAddressesFeature,
    has_made_queue: bool,
) -> Result<Vec<UrlPrefix>, ServerError> {
    let urls = addresses.addresses();
    let prefixes = options.prefixes();
    let prefers_urls = addresses.prefer_hosting_urls() && !urls.is_empty();
    if prefers_urls && !prefixes.is_empty() {
        tracing::warn!(
            addresses = urls.join(", "),
            "ClearedPrefixes: addresses are preferred to the prefixes of the options"
        );
    }
    if !prefers_urls && !prefixes.is_empty() {
        if !urls.is_empty() {
            tracing::warn!(
                addresses = urls.join(", "),
                "ClearedAddresses: the options name the prefixes to register"
            );
        }
        return Ok(prefixes.to_vec());
    }
    if urls.is_empty() && !has_made_queue {
        return Ok(Vec::new());
    }
    if urls.is_empty() {
        tracing::debug!("BindingToDefault: no prefixes are configured; registering {DEFAULT_PREFIX}");
    }
    let default = [DEFAULT_PREFIX.to_owned()];
    let urls = if urls.is_empty() { &default[..] } else { &urls };
    urls.iter()
        .map(|url| url.parse().map_err(|error: FeatureError| ServerError::address(error.to_string())))
        .collect()
}

/// Registers a prefix under the number `id`; port 0 becomes the first port that is free.
pub(super) async fn register(
    group: &dyn UrlGroup,
    prefix: &UrlPrefix,
    id: u64,
) -> Result<UrlPrefix, ServerError> {
    if prefix.port() != 0 {
        let added = group.add_url(prefix.as_str(), id).await;
        return added.map(|()| prefix.clone()).map_err(|error| failure(prefix, error));
    }
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let mut last = Win32Error::SHARING_VIOLATION;
    for _ in 0..TRIES {
        let prefix = prefix.with_port(FIRST_PORT + NEXT.fetch_add(1, Ordering::Relaxed) % PORTS);
        match group.add_url(prefix.as_str(), id).await {
            Ok(()) => return Ok(prefix),
            Err(
                error @ (Win32Error::ACCESS_DENIED
                | Win32Error::SHARING_VIOLATION
                | Win32Error::ALREADY_EXISTS),
            ) => last = error,
            Err(error) => return Err(failure(&prefix, error)),
        }
    }
    Err(failure(prefix, last))
}

/// Why a prefix could not be registered.
pub(super) fn failure(prefix: &UrlPrefix, error: Win32Error) -> ServerError {
    let failure = match error {
        Win32Error::ALREADY_EXISTS => ServerError::address_in_use(format!(
            "{prefix} cannot be registered: it is registered already; choose another prefix, or stop its server"
        )),
        Win32Error::SHARING_VIOLATION => ServerError::address_in_use(format!(
            "{prefix} cannot be registered: port {} is already in use by another program",
            prefix.port()
        )),
        Win32Error::ACCESS_DENIED => ServerError::address(format!(
            "{prefix} cannot be registered by the user {}: access is denied; reserve it for that user, or choose \
             another port",
            user()
        )),
        Win32Error::NOT_FOUND if prefix.is_https() => ServerError::address(format!(
            "{prefix} cannot be registered: its port has no certificate that can be used; give it one with `netsh http \
             add sslcert` on Windows, PortableDriver::configure_https, or `falconry-httpsysd --certificate PEM --key PEM`"
        )),
        Win32Error::SERVICE_NOT_ACTIVE => ServerError::io(format!(
            "{prefix} cannot be registered while the broker falconry-httpsysd (HttpSys:Broker) is away; start it, and try \
             again"
        )),
        _ => ServerError::address(format!("{prefix} cannot be registered: {error}")),
    };
    failure.with_source(error)
}

fn user() -> String {
    ["USERNAME", "USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .unwrap_or_else(|| "of this process".to_owned())
}
