//! The addresses of a server: filled by the host, replaced by what was bound.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{Feature, FeatureError, ServerError};

/// What is bound if nobody says otherwise.
const DEFAULT_ADDRESS: &str = "http://localhost:5000";

/// The addresses that a server shall bind and, once started, those it has bound.
///
/// The host fills the list before the start; the server replaces it. From then on it is read-only.
/// Offered by every server, at server level.
pub trait ServerAddressesFeature: Feature {
    /// The addresses, as URLs.
    fn addresses(&self) -> Vec<String>;

    /// Adds an address to be bound.
    ///
    /// # Errors
    /// The server has been started.
    fn add(&self, address: &str) -> Result<(), FeatureError>;

    /// Forgets all addresses.
    ///
    /// # Errors
    /// The server has been started.
    fn clear(&self) -> Result<(), FeatureError>;

    /// True if these addresses win over endpoints configured in the server itself. Default: false.
    fn prefer_hosting_urls(&self) -> bool;

    /// Says whether these addresses win over endpoints configured in the server itself.
    fn set_prefer_hosting_urls(&self, prefer: bool);
}

/// The plain [`ServerAddressesFeature`], for any server.
///
/// ```
/// use falconry_features::{ServerAddresses, ServerAddressesFeature};
///
/// let addresses = ServerAddresses::new();
/// addresses.add("http://localhost:5000").unwrap();
/// addresses.bound(vec!["http://127.0.0.1:5000".into()]);
/// assert!(addresses.add("http://localhost:6000").unwrap_err().is_invalid_state());
/// assert_eq!(addresses.addresses(), ["http://127.0.0.1:5000"]);
/// ```
#[derive(Debug, Default)]
pub struct ServerAddresses {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    addresses: Vec<String>,
    prefer_hosting_urls: bool,
    is_bound: bool,
}

impl ServerAddresses {
    /// No addresses yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the addresses by those that were bound and makes the list read-only: for servers.
    pub fn bound(&self, addresses: Vec<String>) {
        let mut state = self.lock();
        state.addresses = addresses;
        state.is_bound = true;
    }

    /// Binds every address, or `http://localhost:5000` if there is none, and replaces the list by those that were bound:
    /// for servers of `http` over TCP. `listen` gets host and port; if it fails for one, the others are dropped.
    ///
    /// ```
    /// use std::net::TcpListener;
    ///
    /// use falconry_features::{ServerAddresses, ServerAddressesFeature};
    ///
    /// let addresses = ServerAddresses::new();
    /// addresses.add("http://127.0.0.1:0").unwrap();
    /// let listen = |address: &str| {
    ///     let listener = TcpListener::bind(address)?;
    ///     let bound = listener.local_addr()?;
    ///     Ok((listener, bound))
    /// };
    /// let listeners = addresses.bind(listen).unwrap();
    /// let bound = listeners[0].local_addr().unwrap();
    /// assert_eq!(addresses.addresses(), [format!("http://{bound}")]);
    /// assert!(addresses.bind(listen).unwrap_err().is_invalid_state());
    /// ```
    ///
    /// # Errors
    /// An address that is none, is not `http`, or cannot be bound; a second call.
    pub fn bind<L>(
        &self,
        mut listen: impl FnMut(&str) -> io::Result<(L, SocketAddr)>,
    ) -> Result<Vec<L>, ServerError> {
        let mut addresses = {
            let mut state = self.lock();
            if std::mem::replace(&mut state.is_bound, true) {
                return Err(ServerError::already_started());
            }
            state.addresses.clone()
        };
        if addresses.is_empty() {
            addresses.push(DEFAULT_ADDRESS.to_owned());
        }
        let mut bind = |address: &String| {
            listen(&authority(address)?).map_err(|error| ServerError::cannot_bind(address, error))
        };
        let bound: Result<Vec<_>, _> = addresses.iter().map(&mut bind).collect();
        let bound = bound.inspect_err(|_| self.lock().is_bound = false)?;
        self.bound(bound.iter().map(|(_, address)| format!("http://{address}")).collect());
        Ok(bound.into_iter().map(|(listener, _)| listener).collect())
    }

    fn change(&self, change: impl FnOnce(&mut Vec<String>)) -> Result<(), FeatureError> {
        let mut state = self.lock();
        if state.is_bound {
            return Err(FeatureError::invalid_state(
                "the server has been started, its addresses are read-only; set them before the start",
            ));
        }
        change(&mut state.addresses);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ServerAddressesFeature for ServerAddresses {
    fn addresses(&self) -> Vec<String> {
        self.lock().addresses.clone()
    }

    fn add(&self, address: &str) -> Result<(), FeatureError> {
        self.change(|addresses| addresses.push(address.to_owned()))
    }

    fn clear(&self) -> Result<(), FeatureError> {
        self.change(Vec::clear)
    }

    fn prefer_hosting_urls(&self) -> bool {
        self.lock().prefer_hosting_urls
    }

    fn set_prefer_hosting_urls(&self, prefer: bool) {
        self.lock().prefer_hosting_urls = prefer;
    }
}

/// Host and port of `http://host[:port]`, as sockets take them; `*` and `+` are every address of the machine.
fn authority(address: &str) -> Result<String, ServerError> {
    let refuse = |reason| ServerError::address(format!("the address '{}' {reason}", address.escape_debug()));
    let (scheme, rest) =
        address.split_once("://").ok_or_else(|| refuse("has no scheme: write it as 'http://host:port'"))?;
    if !scheme.eq_ignore_ascii_case("http") {
        return Err(refuse("has a scheme that this server does not have: use 'http://'"));
    }
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, "80"),
    };
    if host.is_empty() || host.contains('/') {
        return Err(refuse("has no host, or more than that: write it as 'http://host:port'"));
    }
    let port: u16 =
        port.parse().map_err(|_| refuse("has a port that is none: write a number from 0 to 65535"))?;
    let host = if matches!(host, "*" | "+") { "0.0.0.0" } else { host };
    Ok(format!("{host}:{port}"))
}

/// A server keeps one handle and puts the other into its features.
impl ServerAddressesFeature for Arc<ServerAddresses> {
    fn addresses(&self) -> Vec<String> {
        (**self).addresses()
    }

    fn add(&self, address: &str) -> Result<(), FeatureError> {
        (**self).add(address)
    }

    fn clear(&self) -> Result<(), FeatureError> {
        (**self).clear()
    }

    fn prefer_hosting_urls(&self) -> bool {
        (**self).prefer_hosting_urls()
    }

    fn set_prefer_hosting_urls(&self, prefer: bool) {
        (**self).set_prefer_hosting_urls(prefer);
    }
}
