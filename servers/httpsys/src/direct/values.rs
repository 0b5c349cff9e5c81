//! Features with values of their own, which a request may change: they note that, and are cleared after it.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
};

use falconry_features::{
    HttpAuthenticationFeature, HttpConnectionFeature, HttpSysRequestTimingFeature, PlainAuthentication,
    RequestTimingType, User,
};

use super::{ConnectionFacts, DirectShared};
use crate::{driver::Timestamps, features::HttpSysConnection};

/// The connection; middleware may change it for its request.
#[derive(Debug)]
pub(super) struct DirectConnection {
    shared: Arc<DirectShared>,
    number: u64,
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
    plain: HttpSysConnection,
}

impl DirectConnection {
    pub(super) fn new(shared: Arc<DirectShared>, facts: &ConnectionFacts) -> Self {
        let ConnectionFacts { number, local, remote, .. } = *facts;
        let mut connection = Self { shared, number, local, remote, plain: HttpSysConnection::default() };
        connection.clear();
        connection
    }

    pub(super) fn clear(&mut self) {
        self.plain.begin(self.number, self.local, self.remote);
    }

    fn change(&mut self) -> &mut HttpSysConnection {
        self.shared.note_change();
        &mut self.plain
    }
}

impl HttpConnectionFeature for DirectConnection {
    fn connection_id(&self) -> &str {
        self.plain.connection_id()
    }

    fn set_connection_id(&mut self, id: &str) {
        self.change().set_connection_id(id);
    }

    fn remote_ip_address(&self) -> Option<IpAddr> {
        self.plain.remote_ip_address()
    }

    fn set_remote_ip_address(&mut self, address: Option<IpAddr>) {
        self.change().set_remote_ip_address(address);
    }

    fn remote_port(&self) -> u16 {
        self.plain.remote_port()
    }

    fn set_remote_port(&mut self, port: u16) {
        self.change().set_remote_port(port);
    }

    fn local_ip_address(&self) -> Option<IpAddr> {
        self.plain.local_ip_address()
    }

    fn set_local_ip_address(&mut self, address: Option<IpAddr>) {
        self.change().set_local_ip_address(address);
    }

    fn local_port(&self) -> u16 {
        self.plain.local_port()
    }

    fn set_local_port(&mut self, port: u16) {
        self.change().set_local_port(port);
    }
}

/// The user: nobody, until somebody sets one.
#[derive(Debug)]
pub(super) struct DirectAuthentication {
    shared: Arc<DirectShared>,
    plain: PlainAuthentication,
}

impl DirectAuthentication {
    pub(super) fn new(shared: Arc<DirectShared>) -> Self {
        Self { shared, plain: PlainAuthentication::default() }
    }

    pub(super) fn clear(&mut self) {
        self.plain.user = None;
    }
}

impl HttpAuthenticationFeature for DirectAuthentication {
    fn user(&self) -> Option<&User> {
        self.plain.user()
    }

    fn set_user(&mut self, user: Option<User>) {
        self.shared.note_change();
        self.plain.set_user(user);
    }
}

/// The times, written when first asked for.
#[derive(Debug)]
pub(super) struct DirectTiming {
    shared: Arc<DirectShared>,
    frequency: u64,
    timestamps: OnceLock<Timestamps>,
}

impl DirectTiming {
    pub(super) fn new(shared: Arc<DirectShared>, frequency: u64) -> Self {
        Self { shared, frequency, timestamps: OnceLock::new() }
    }

    pub(super) fn clear(&mut self) {
        self.timestamps.take();
    }
}

impl HttpSysRequestTimingFeature for DirectTiming {
    fn timestamps(&self) -> &[i64] {
        self.timestamps.get_or_init(|| {
            self.shared.note_change();
            let mut timestamps = Timestamps::default();
            timestamps[RequestTimingType::RequestRoutingEnd as usize] = self.shared.routed_at();
            timestamps[RequestTimingType::RequestQueuedForIo as usize] = self.shared.routed_at();
            timestamps
        })
    }

    fn frequency(&self) -> u64 {
        self.frequency
    }
}
