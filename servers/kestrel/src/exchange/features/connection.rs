//! The connection as a request sees it.

use std::{
    net::IpAddr,
    sync::{Arc, atomic::Ordering},
};

use falconry_features::{HttpConnectionFeature, PlainConnection};

use crate::exchange::ExchangeShared;

/// The connection; middleware may change it for its request.
#[derive(Debug)]
pub(crate) struct KestrelConnection {
    exchange: Arc<ExchangeShared>,
    changed: Option<Box<PlainConnection>>,
}

impl KestrelConnection {
    pub(crate) fn new(exchange: Arc<ExchangeShared>) -> Self {
        Self { exchange, changed: None }
    }

    /// What the last request changed is gone.
    pub(crate) fn clear(&mut self) {
        self.changed = None;
    }

    fn change(&mut self) -> &mut PlainConnection {
        if self.changed.is_none() {
            self.exchange.has_changed_connection.store(true, Ordering::Relaxed);
            self.changed = Some(Box::new(PlainConnection {
                connection_id: self.connection_id().to_owned(),
                remote_ip_address: self.remote_ip_address(),
                remote_port: self.remote_port(),
                local_ip_address: self.local_ip_address(),
                local_port: self.local_port(),
            }));
        }
        self.changed.as_mut().expect("it was made above")
    }
}

impl HttpConnectionFeature for KestrelConnection {
    fn connection_id(&self) -> &str {
        self.changed.as_ref().map_or(&self.exchange.connection.id, |changed| &changed.connection_id)
    }

    fn set_connection_id(&mut self, id: &str) {
        self.change().set_connection_id(id);
    }

    fn remote_ip_address(&self) -> Option<IpAddr> {
        match &self.changed {
            Some(changed) => changed.remote_ip_address,
            None => self.exchange.connection.endpoints.remote.map(|address| address.ip()),
        }
    }

    fn set_remote_ip_address(&mut self, address: Option<IpAddr>) {
        self.change().remote_ip_address = address;
    }

    fn remote_port(&self) -> u16 {
        match &self.changed {
            Some(changed) => changed.remote_port,
            None => self.exchange.connection.endpoints.remote.map_or(0, |address| address.port()),
        }
    }

    fn set_remote_port(&mut self, port: u16) {
        self.change().remote_port = port;
    }

    fn local_ip_address(&self) -> Option<IpAddr> {
        match &self.changed {
            Some(changed) => changed.local_ip_address,
            None => self.exchange.connection.endpoints.local.map(|address| address.ip()),
        }
    }

    fn set_local_ip_address(&mut self, address: Option<IpAddr>) {
        self.change().local_ip_address = address;
    }

    fn local_port(&self) -> u16 {
        match &self.changed {
            Some(changed) => changed.local_port,
            None => self.exchange.connection.endpoints.local.map_or(0, |address| address.port()),
        }
    }

    fn set_local_port(&mut self, port: u16) {
        self.change().local_port = port;
    }
}
