//! The server of the status page, on this machine only.

use std::sync::Arc;

use falconry::features::{Deadline, Server, ServerAddressesFeature, ServerError};
use falconry_kestrel::{KestrelServer, KestrelServerOptions};
use falconry_module::{Module, StatusPage};

pub(super) struct StatusServer {
    server: KestrelServer,
    page: StatusPage,
}

impl StatusServer {
    /// A server for the state of `module`, at `url`, which has to be an address of this machine alone.
    pub(super) fn new(url: &str, module: &Module) -> Result<Self, String> {
        if !is_loopback(url) {
            return Err(format!(
                "--status {url}: the status page is for this machine only: http://127.0.0.1:PORT, http://[::1]:PORT or \
                 http://localhost:PORT"
            ));
        }
        let server = KestrelServer::new(KestrelServerOptions::default());
        if let Some(addresses) = server.features().get::<dyn ServerAddressesFeature>() {
            addresses.add(url).map_err(|error| error.to_string())?;
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

fn is_loopback(url: &str) -> bool {
    let Some(authority) = url.strip_prefix("http://") else { return false };
    let authority = authority.trim_end_matches('/');
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => authority.split(':').next().unwrap_or_default(),
    };
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_addresses_of_this_machine_alone_show_the_state() {
        for url in ["http://127.0.0.1:0", "http://localhost:5099/", "http://[::1]:80", "http://127.9.9.9:1"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://*:80",
            "http://0.0.0.0:80",
            "http://[::]:80",
            "http://example.com",
            "https://localhost:1",
            "x",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
