//! What the suite examines: a way to make servers, and what they can do.

use std::{collections::BTreeSet, fmt, sync::Arc};

use falconry_features::{FeatureCollection, Server, ServerAddressesFeature};

use crate::{
    Capability,
    connect::{Connector, Tcp},
};

/// A kind of server under examination.
///
/// ```
/// use falconry_conformance::{Capability, Subject};
/// # use falconry_features::{Deadline, FeatureCollection, HttpApplication, Server, ServerError};
/// # use std::sync::Arc;
/// # #[derive(Default)] struct MyServer(FeatureCollection);
/// # #[async_trait::async_trait]
/// # impl Server for MyServer {
/// #     fn features(&self) -> &FeatureCollection { &self.0 }
/// #     async fn start(&self, _: Arc<dyn HttpApplication>) -> Result<(), ServerError> { Ok(()) }
/// #     async fn stop(&self, _: Deadline) -> Result<(), ServerError> { Ok(()) }
/// # }
///
/// let subject = Subject::new("my server", MyServer::default)
///     .with([Capability::Http1, Capability::KeepAlive, Capability::Addresses]);
/// ```
pub struct Subject {
    name: String,
    address: String,
    capabilities: BTreeSet<Capability>,
    factory: Box<dyn Fn() -> Instance + Send + Sync>,
}

/// What servers bind if nobody says otherwise.
const ADDRESS: &str = "http://127.0.0.1:0";

/// A server that has not been started, and the way to it once it has.
#[derive(Clone)]
pub(crate) struct Instance {
    pub(crate) server: Arc<dyn Server>,
    pub(crate) connector: Arc<dyn Connector>,
}

impl Subject {
    /// A server that listens on TCP and speaks HTTP/1.1. `factory` makes a new one for every trial;
    /// the suite adds `http://127.0.0.1:0` to its addresses and connects to what it then has bound.
    pub fn new<S, F>(name: &str, factory: F) -> Self
    where
        S: Server + 'static,
        F: Fn() -> S + Send + Sync + 'static,
    {
        Self::from_factory(name, move || {
            let server: Arc<dyn Server> = Arc::new(factory());
            if let Some(addresses) = server.features().get::<dyn ServerAddressesFeature>() {
                addresses.add(ADDRESS).expect("the addresses can be changed before the start");
            }
            Instance { connector: Arc::new(Tcp::new(Arc::clone(&server))), server }
        })
    }

    /// A server that is reached in a way of its own, such as one in memory. `factory` makes a new
    /// server and the way to it for every trial.
    pub fn with_connector<C, F>(name: &str, factory: F) -> Self
    where
        C: Connector + 'static,
        F: Fn() -> (Arc<dyn Server>, C) + Send + Sync + 'static,
    {
        Self::from_factory(name, move || {
            let (server, connector) = factory();
            Instance { server, connector: Arc::new(connector) }
        })
    }

    /// Says which address servers with a connector of their own bind. Default: `http://127.0.0.1:0`.
    ///
    /// The port must be 0: trials replace it by others. The scheme is what applications must see.
    #[must_use]
    pub fn with_address(mut self, address: &str) -> Self {
        address.clone_into(&mut self.address);
        self
    }

    /// Declares what the server can do.
    #[must_use]
    pub fn with(mut self, capabilities: impl IntoIterator<Item = Capability>) -> Self {
        self.capabilities.extend(capabilities);
        self
    }

    /// Declares all that there is.
    #[must_use]
    pub fn with_all(self) -> Self {
        self.with(Capability::ALL.iter().copied())
    }

    /// Takes back what the server cannot do.
    #[must_use]
    pub fn without(mut self, capabilities: impl IntoIterator<Item = Capability>) -> Self {
        for capability in capabilities {
            self.capabilities.remove(&capability);
        }
        self
    }

    pub(crate) fn can(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    /// The address that a server is told to bind; its port is 0.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The scheme that applications see.
    pub(crate) fn scheme(&self) -> &str {
        self.address.split(':').next().unwrap_or_default()
    }

    pub(crate) fn make(&self) -> Instance {
        (self.factory)()
    }

    fn from_factory(name: &str, factory: impl Fn() -> Instance + Send + Sync + 'static) -> Self {
        Self {
            name: name.to_owned(),
            address: ADDRESS.to_owned(),
            capabilities: BTreeSet::new(),
            factory: Box::new(factory),
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("name", &self.name)
            .field("address", &self.address)
            .field("capabilities", &self.capabilities)
            .finish_non_exhaustive()
    }
}

impl Instance {
    pub(crate) fn features(&self) -> &FeatureCollection {
        self.server.features()
    }

    /// The addresses that the server lists.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.features()
            .get::<dyn ServerAddressesFeature>()
            .expect("the server offers a ServerAddressesFeature")
            .addresses()
    }
}
