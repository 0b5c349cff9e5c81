//! How sockets are opened.

/// How sockets are opened and set up.
///
/// ```
/// # use falconry_kestrel::SocketTransportOptions;
/// let mut transport = SocketTransportOptions::default();
/// transport.backlog = 4096;
/// assert!(transport.no_delay);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketTransportOptions {
    /// How many connections may wait to be accepted, per listening socket. At most 2,147,483,647, and the system may
    /// set a lower bound (`net.core.somaxconn`). Default: 512.
    pub backlog: u32,

    /// Whether TCP sends small pieces at once instead of waiting for more (`TCP_NODELAY`). Default: true.
    pub no_delay: bool,

    /// How many sockets accept on each TCP address. With several, each has a task and a queue of its own, and the system
    /// spreads connections over them (`SO_REUSEPORT`); then other programs of the same user may listen on the same
    /// address, too, and an address in use is not noticed. 0 stands for one per processor. Elsewhere than on unix there
    /// is always one. Default: 1.
    pub accept_sockets: usize,
}

impl SocketTransportOptions {
    /// How many sockets there shall be.
    pub(crate) fn accept_socket_count(&self) -> usize {
        match self.accept_sockets {
            _ if !CAN_SHARE_PORTS => 1,
            0 => std::thread::available_parallelism().map_or(1, Into::into),
            count => count,
        }
    }
}

const CAN_SHARE_PORTS: bool = cfg!(all(unix, not(any(target_os = "solaris", target_os = "illumos"))));

impl Default for SocketTransportOptions {
    fn default() -> Self {
        Self { backlog: 512, no_delay: true, accept_sockets: 1 }
    }
}
