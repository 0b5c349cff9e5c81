//! The connection as a request sees it.

use std::{
    net::{IpAddr, SocketAddr},
    sync::OnceLock,
};

use falconry_features::HttpConnectionFeature;

use crate::driver::DriverRequest;

/// The connection; middleware may change it for its request.
#[derive(Debug, Default)]
pub(crate) struct HttpSysConnection {
    number: u64,
    /// Written when first asked for.
    id: OnceLock<String>,
    local: (Option<IpAddr>, u16),
    remote: (Option<IpAddr>, u16),
}

impl HttpSysConnection {
    pub(super) fn fill(&mut self, request: &DriverRequest) {
        let number = match request.raw_connection_id {
            0 => request.connection_id,
            raw => raw,
        };
        self.begin(number, request.local_address, request.remote_address);
    }

    /// What an earlier request has changed is gone.
    pub(crate) fn begin(&mut self, number: u64, local: Option<SocketAddr>, remote: Option<SocketAddr>) {
        self.number = number;
        self.id.take();
        (self.local, self.remote) = (parts(local), parts(remote));
    }
}

impl HttpConnectionFeature for HttpSysConnection {
    fn connection_id(&self) -> &str {
        self.id.get_or_init(|| self.number.to_string())
    }

    fn set_connection_id(&mut self, id: &str) {
        self.id = OnceLock::from(id.to_owned());
    }

    fn remote_ip_address(&self) -> Option<IpAddr> {
        self.remote.0
    }

    fn set_remote_ip_address(&mut self, address: Option<IpAddr>) {
        self.remote.0 = address;
    }

    fn remote_port(&self) -> u16 {
        self.remote.1
    }

    fn set_remote_port(&mut self, port: u16) {
        self.remote.1 = port;
    }

    fn local_ip_address(&self) -> Option<IpAddr> {
        self.local.0
    }

    fn set_local_ip_address(&mut self, address: Option<IpAddr>) {
        self.local.0 = address;
    }

    fn local_port(&self) -> u16 {
        self.local.1
    }

    fn set_local_port(&mut self, port: u16) {
        self.local.1 = port;
    }
}

fn parts(address: Option<SocketAddr>) -> (Option<IpAddr>, u16) {
    (address.map(|address| address.ip()), address.map_or(0, |address| address.port()))
}
