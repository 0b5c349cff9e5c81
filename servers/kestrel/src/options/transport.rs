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
}

impl Default for SocketTransportOptions {
    fn default() -> Self {
        Self { backlog: 512, no_delay: true }
    }
}
