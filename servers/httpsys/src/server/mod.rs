//! [`HttpSysServer`]: start, stop, and what all requests share.

mod accept;
mod live;
mod native;
mod outstanding;
mod prefixes;
mod running;
mod shared;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use falconry_features::{
    Deadline, FeatureCollection, HttpApplication, PlainServerIntegratedAuth, Server, ServerAddresses,
    ServerAddressesFeature, ServerDelegationFeature, ServerError, ServerIntegratedAuthFeature,
};
use tokio::sync::Mutex;

use self::running::Running;
pub(crate) use self::shared::ServerShared;
use crate::{
    HttpSysOptions, PortableDriver, UrlPrefix,
    driver::{Driver, DriverFeature, UrlGroup},
    features::ServerDelegation,
};

/// The HTTP.sys server.
///
/// ```no_run
/// # async fn run(application: std::sync::Arc<dyn falconry_features::HttpApplication>) -> Result<(), Box<dyn std::error::Error>> {
/// use falconry_features::{Deadline, Server};
/// use falconry_httpsys::{HttpSysOptions, HttpSysServer};
///
/// let mut options = HttpSysOptions::default();
/// options.add_prefix("http://localhost:5005/app")?;
/// let server = HttpSysServer::portable(options);
/// server.start(application).await?;
/// server.add_prefix(&"http://localhost:5005/more".parse()?).await?;
/// server.stop(Deadline::never()).await?;
/// # Ok(())
/// # }
/// ```
pub struct HttpSysServer {
    options: std::sync::Mutex<HttpSysOptions>,
    driver: Arc<dyn Driver>,
    addresses: Arc<ServerAddresses>,
    features: Arc<FeatureCollection>,
    /// For delegation rules, which come after the start.
    group: Arc<OnceLock<Arc<dyn UrlGroup>>>,
    state: Mutex<State>,
}

enum State {
    New,
    Running(Running),
    Stopped,
}

impl HttpSysServer {
    /// A server on the system's own driver, httpapi.dll.
    ///
    /// # Errors
    /// Platform: there is none here.
    pub fn new(options: HttpSysOptions) -> Result<Self, ServerError> {
        Ok(Self::with_shared_driver(options, native::driver()?))
    }

    /// A server on the portable driver of this process.
    pub fn portable(options: HttpSysOptions) -> Self {
        Self::with_driver(options, PortableDriver::of_process())
    }

    /// A server on this driver; nothing is registered before the start.
    pub fn with_driver(options: HttpSysOptions, driver: impl Driver) -> Self {
        Self::with_shared_driver(options, Arc::new(driver))
    }

    /// As [`with_driver`](Self::with_driver), for a driver whose type is not known.
    pub fn with_shared_driver(options: HttpSysOptions, driver: Arc<dyn Driver>) -> Self {
        let addresses = Arc::new(ServerAddresses::new());
        let group = Arc::<OnceLock<Arc<dyn UrlGroup>>>::default();
        let mut features = FeatureCollection::new();
        features.set::<dyn ServerAddressesFeature>(Box::new(Arc::clone(&addresses)));
        let is_enabled = !options.authentication.schemes.is_empty();
        features.set::<dyn ServerIntegratedAuthFeature>(Box::new(PlainServerIntegratedAuth { is_enabled }));
        if driver.is_feature_supported(DriverFeature::DelegateEx) {
            let delegation = ServerDelegation { driver: Arc::clone(&driver), group: Arc::clone(&group) };
            features.set::<dyn ServerDelegationFeature>(Box::new(delegation));
        }
        Self {
            options: std::sync::Mutex::new(options),
            driver,
            addresses,
            features: Arc::new(features),
            group,
            state: Mutex::new(State::New),
        }
    }

    /// The name of the driver: `native`, `portable` or `broker`.
    pub fn driver_name(&self) -> &'static str {
        self.driver.name()
    }

    /// The prefixes that are registered; before the start, those of the options.
    pub async fn prefixes(&self) -> Vec<UrlPrefix> {
        match &*self.state.lock().await {
            State::Running(running) => running.prefixes(),
            State::New | State::Stopped => self.options().prefixes().to_vec(),
        }
    }

    fn options(&self) -> std::sync::MutexGuard<'_, HttpSysOptions> {
        self.options.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[async_trait]
impl Server for HttpSysServer {
    fn features(&self) -> &FeatureCollection {
        &self.features
    }

    async fn start(&self, application: Arc<dyn HttpApplication>) -> Result<(), ServerError> {
        let mut state = self.state.lock().await;
        match &*state {
            State::New => {}
            State::Running(_) => return Err(ServerError::already_started()),
            State::Stopped => {
                return Err(ServerError::invalid_state(
                    "the server has been stopped; make a new one to serve again",
                ));
            }
        }
        let options = self.options().clone();
        options.validate()?;
        let running =
            Running::start(&options, &self.driver, &*self.addresses, &self.features, application).await?;
        self.addresses.bound(running.prefixes().iter().map(ToString::to_string).collect());
        // Set once: a server is started once.
        let _ = self.group.set(running.group());
        *state = State::Running(running);
        Ok(())
    }

    async fn stop(&self, deadline: Deadline) -> Result<(), ServerError> {
        // A second stop waits here for the first.
        let mut state = self.state.lock().await;
        if let State::Running(running) = std::mem::replace(&mut *state, State::Stopped) {
            running.stop(deadline).await;
        }
        Ok(())
    }
}

impl fmt::Debug for HttpSysServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSysServer").field("driver", &self.driver.name()).finish_non_exhaustive()
    }
}
