//! The server of a host: what the program says of it, and which one comes of that.

use falconry_features::{Server, ServerError};

use super::WebHostBuilder;
#[cfg(feature = "httpsys")]
use crate::hosting::httpsys::ConfigureHttpSys;
use crate::hosting::{
    Configuration, HostError,
    servers::{self, Servers},
    worker::NativeWorker,
};
#[cfg(feature = "kestrel")]
use crate::hosting::{
    kestrel::{ConfigureKestrel, KestrelBuilder},
    reload::Watch,
};

/// What the program has said about its server.
#[derive(Default)]
pub(super) struct ServerChoice {
    /// The one that runs in any case.
    server: Option<Box<dyn Server>>,
    pub(super) servers: Servers,
    #[cfg(feature = "httpsys")]
    httpsys: Vec<ConfigureHttpSys>,
    #[cfg(feature = "kestrel")]
    kestrel: Vec<ConfigureKestrel>,
}

impl WebHostBuilder {
    /// Runs on this server, whatever is compiled in or asked for elsewhere.
    pub fn server(self, server: impl Server + 'static) -> Self {
        self.boxed_server(Box::new(server))
    }

    /// As [`server`](Self::server), for a server whose type is not known.
    pub fn boxed_server(mut self, server: Box<dyn Server>) -> Self {
        self.choice.server = Some(server);
        self
    }

    /// Runs on the server with this name, in any case. Key: `server`.
    pub fn server_named(self, name: impl Into<String>) -> Self {
        self.setting("server", name)
    }

    /// Adds a server that can be chosen by name, beside those compiled in.
    pub fn add_server<F>(mut self, name: &str, create: F) -> Self
    where
        F: FnOnce(&Configuration) -> Result<Box<dyn Server>, ServerError> + Send + 'static,
    {
        self.choice.servers.add(name, create);
        self
    }

    /// Sets options of the HTTP.sys server, for the case that it runs.
    #[cfg(feature = "httpsys")]
    pub fn httpsys<F>(mut self, configure: F) -> Self
    where
        F: FnOnce(&mut falconry_httpsys::HttpSysOptions) + Send + 'static,
    {
        self.choice.httpsys.push(Box::new(configure));
        self
    }

    /// Sets options of Kestrel, for the case that it runs.
    #[cfg(feature = "kestrel")]
    pub fn kestrel<F>(mut self, configure: F) -> Self
    where
        F: FnOnce(&mut falconry_kestrel::KestrelServerOptions) + Send + 'static,
    {
        self.choice.kestrel.push(Box::new(configure));
        self
    }
}

impl ServerChoice {
    /// Makes the server, with its name and the worker that it may be of.
    pub(super) fn make(
        self,
        configuration: &Configuration,
        #[cfg(feature = "kestrel")] (content_root, watch): (&std::path::Path, Watch),
    ) -> Result<(Option<NativeWorker>, String, Box<dyn Server>), HostError> {
        if let Some(server) = self.server {
            return Ok((None, "custom".to_owned(), server));
        }
        // Where the requests come from is not the program's to choose.
        if let Some(worker) = NativeWorker::current() {
            let (name, server) = worker.server();
            return Ok((Some(worker), name, server));
        }
        let servers = self.servers;
        #[cfg(feature = "kestrel")]
        let servers = {
            let follows = configuration.flag("hostBuilder:reloadConfigOnChange")?.unwrap_or(true);
            servers.with_kestrel(KestrelBuilder {
                configure: self.kestrel,
                content_root: content_root.to_owned(),
                watch: follows.then_some(watch),
            })
        };
        #[cfg(feature = "httpsys")]
        let servers = servers.with_httpsys(self.httpsys);
        #[cfg(feature = "test-host")]
        let servers = servers.with_test_host();
        let (name, server) = servers.create(servers::wanted(configuration), configuration)?;
        Ok((None, name, server))
    }
}
