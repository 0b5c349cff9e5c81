//! Both ends of a connection.

use std::{net::SocketAddr, ops::Deref, sync::OnceLock};

/// Both ends of a connection; `None` where the transport has no IP addresses.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Endpoints {
    pub(crate) local: Option<SocketAddr>,
    pub(crate) remote: Option<SocketAddr>,
}

/// Both ends as the application sees them: those of the socket, unless a proxy tells others.
#[derive(Debug)]
pub(crate) struct TrueEndpoints {
    socket: Endpoints,
    told: OnceLock<Endpoints>,
}

impl TrueEndpoints {
    pub(crate) fn new(socket: Endpoints) -> Self {
        Self { socket, told: OnceLock::new() }
    }

    /// Those of the socket itself.
    pub(crate) fn of_socket(&self) -> Endpoints {
        self.socket
    }

    /// A proxy tells who its client is; only the first time counts.
    pub(crate) fn tell(&self, endpoints: Endpoints) {
        self.told.get_or_init(|| endpoints);
    }
}

impl Deref for TrueEndpoints {
    type Target = Endpoints;

    fn deref(&self) -> &Endpoints {
        self.told.get().unwrap_or(&self.socket)
    }
}
