//! The addresses of a server: filled by the host, replaced by what was bound.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{Feature, FeatureError};

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
