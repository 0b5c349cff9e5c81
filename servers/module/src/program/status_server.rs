//! The server of the status page, on this machine only.

use std::sync::Arc;

use falconry::features::{Deadline, Server, ServerAddressesFeature, ServerError};
use falconry_kestrel::{KestrelServer, KestrelServerOptions};
use falconry_module::{Module, StatusPage};

use super::status_url::StatusUrl;

pub(super) struct StatusServer {
    server: KestrelServer,
    page: StatusPage,
}

impl StatusServer {
    /// A server for the state of `module`.
    pub(super) fn new(url: &StatusUrl, module: &Module) -> Result<Self, String> {
        let server = KestrelServer::new(KestrelServerOptions::default());
        if let Some(addresses) = server.features().get::<dyn ServerAddressesFeature>() {
            addresses.add(&url.to_string()).map_err(|error| error.to_string())?;
        }
        Ok(Self { server, page: StatusPage::new(module) })
    }

    /// Starts, and says where it listens.
    pub(super) async fn start(&self) -> Result<String, ServerError> {
        self.server.start(Arc::new(self.page.clone())).await?;
        let addresses = self.server.features().get::<dyn ServerAddressesFeature>();
        Ok(addresses.map(|addresses| addresses.addresses().join(";")).unwrap_or_default())
    }

    pub(super) async fn stop(&self) -> Result<(), ServerError> {
        self.server.stop(Deadline::now()).await
    }
}
