//! A server that records what a host asks of it, and answers nothing.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use falconry::features::{
    Deadline, FeatureCollection, HttpApplication, Server, ServerAddresses, ServerAddressesFeature,
    ServerError,
};
use tokio::sync::Notify;

/// Clones are the same server.
#[derive(Clone, Default)]
pub struct RecordingServer {
    features: Arc<FeatureCollection>,
    addresses: Arc<ServerAddresses>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    events: Mutex<Vec<String>>,
    application: Mutex<Option<Arc<dyn HttpApplication>>>,
    /// What the server was told to bind by itself, as Kestrel by `Listen` or its configuration.
    endpoints: Vec<String>,
    start_error: Mutex<Option<ServerError>>,
    /// Keeps `stop` waiting until the deadline passes or somebody notifies.
    drain: Option<Arc<Notify>>,
}

impl RecordingServer {
    pub fn new() -> Self {
        Self::default().with_features()
    }

    pub fn with_endpoints(endpoints: Vec<String>) -> Self {
        let shared = Arc::new(Shared { endpoints, ..Shared::default() });
        Self { shared, ..Self::default() }.with_features()
    }

    /// A server whose start fails.
    pub fn failing(error: ServerError) -> Self {
        let shared = Arc::new(Shared { start_error: Mutex::new(Some(error)), ..Shared::default() });
        Self { shared, ..Self::default() }.with_features()
    }

    /// A server whose stop waits until it is notified, or for the deadline.
    pub fn draining(drain: Arc<Notify>) -> Self {
        let shared = Arc::new(Shared { drain: Some(drain), ..Shared::default() });
        Self { shared, ..Self::default() }.with_features()
    }

    /// A server that binds nothing and says so.
    pub fn without_addresses() -> Self {
        Self::default()
    }

    pub fn events(&self) -> Vec<String> {
        self.shared.events.lock().unwrap().clone()
    }

    pub fn record(&self, event: impl Into<String>) {
        self.shared.events.lock().unwrap().push(event.into());
    }

    pub fn application(&self) -> Arc<dyn HttpApplication> {
        self.shared.application.lock().unwrap().clone().expect("the server has been started")
    }

    fn with_features(mut self) -> Self {
        let mut features = FeatureCollection::new();
        features.set::<dyn ServerAddressesFeature>(Box::new(Arc::clone(&self.addresses)));
        self.features = Arc::new(features);
        self
    }

    /// Which addresses a server with endpoints of its own binds (Kestrel's rules).
    fn to_bind(&self) -> Vec<String> {
        let addresses = self.addresses.addresses();
        let endpoints = &self.shared.endpoints;
        let prefers_addresses = self.addresses.prefer_hosting_urls() && !addresses.is_empty();
        match (prefers_addresses || endpoints.is_empty(), addresses.is_empty()) {
            (true, true) => vec!["http://localhost:5000".to_owned()],
            (true, false) => addresses,
            (false, _) => endpoints.clone(),
        }
    }
}

#[async_trait]
impl Server for RecordingServer {
    fn features(&self) -> &FeatureCollection {
        &self.features
    }

    async fn start(&self, application: Arc<dyn HttpApplication>) -> Result<(), ServerError> {
        self.record("start");
        if let Some(error) = self.shared.start_error.lock().unwrap().take() {
            return Err(error);
        }
        let addresses = self.to_bind();
        if let Some(bad) = addresses.iter().find(|address| !is_http(address)) {
            return Err(ServerError::address(format!("unrecognized scheme in server address '{bad}'")));
        }
        self.addresses.bound(addresses);
        *self.shared.application.lock().unwrap() = Some(application);
        Ok(())
    }

    async fn stop(&self, deadline: Deadline) -> Result<(), ServerError> {
        self.record("stop");
        if let Some(drain) = &self.shared.drain
            && deadline.limit(drain.notified()).await.is_none()
        {
            self.record("aborted");
        }
        Ok(())
    }
}

fn is_http(address: &str) -> bool {
    address.starts_with("http://") || address.starts_with("https://")
}
