//! The two ends of the connection, as a request sees them.

use std::net::IpAddr;

use crate::Feature;

/// The connection that carries the request.
///
/// Addresses are `None` and ports 0 on unix sockets, named pipes and in memory. Middleware that
/// trusts a proxy changes them for its request.
pub trait HttpConnectionFeature: Feature {
    /// Identifies the connection in this process.
    fn connection_id(&self) -> &str;

    /// Changes the connection identifier.
    fn set_connection_id(&mut self, id: &str);

    /// The address of the client.
    fn remote_ip_address(&self) -> Option<IpAddr>;

    /// Changes the address of the client.
    fn set_remote_ip_address(&mut self, address: Option<IpAddr>);

    /// The port of the client.
    fn remote_port(&self) -> u16;

    /// Changes the port of the client.
    fn set_remote_port(&mut self, port: u16);

    /// The address that the client connected to.
    fn local_ip_address(&self) -> Option<IpAddr>;

    /// Changes the address that the client connected to.
    fn set_local_ip_address(&mut self, address: Option<IpAddr>);

    /// The port that the client connected to.
    fn local_port(&self) -> u16;

    /// Changes the port that the client connected to.
    fn set_local_port(&mut self, port: u16);
}

/// The plain [`HttpConnectionFeature`]: fields to fill.
#[derive(Clone, Debug, Default)]
pub struct PlainConnection {
    /// Identifies the connection.
    pub connection_id: String,
    /// The address of the client.
    pub remote_ip_address: Option<IpAddr>,
    /// The port of the client.
    pub remote_port: u16,
    /// The address that the client connected to.
    pub local_ip_address: Option<IpAddr>,
    /// The port that the client connected to.
    pub local_port: u16,
}

impl HttpConnectionFeature for PlainConnection {
    fn connection_id(&self) -> &str {
        &self.connection_id
    }

    fn set_connection_id(&mut self, id: &str) {
        id.clone_into(&mut self.connection_id);
    }

    fn remote_ip_address(&self) -> Option<IpAddr> {
        self.remote_ip_address
    }

    fn set_remote_ip_address(&mut self, address: Option<IpAddr>) {
        self.remote_ip_address = address;
    }

    fn remote_port(&self) -> u16 {
        self.remote_port
    }

    fn set_remote_port(&mut self, port: u16) {
        self.remote_port = port;
    }

    fn local_ip_address(&self) -> Option<IpAddr> {
        self.local_ip_address
    }

    fn set_local_ip_address(&mut self, address: Option<IpAddr>) {
        self.local_ip_address = address;
    }

    fn local_port(&self) -> u16 {
        self.local_port
    }

    fn set_local_port(&mut self, port: u16) {
        self.local_port = port;
    }
}
