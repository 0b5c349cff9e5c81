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

/// How named pipes are opened. Only Windows has them.
///
/// A pipe takes clients of this machine only, with the rights that Windows gives pipes by default: the user of the
/// server, the system and administrators may talk to it.
///
/// ```
/// # use falconry_kestrel::NamedPipeTransportOptions;
/// let pipes = NamedPipeTransportOptions::default();
/// assert_eq!(pipes.max_write_buffer_size, 65_536);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedPipeTransportOptions {
    /// How many instances of each pipe wait for clients at a time, at least 1: so many can connect at once without being
    /// told that the pipe is busy. Default: one per processor, at most 16.
    pub listener_queue_count: usize,

    /// How much the system keeps of what a client sends, in bytes. Default: 1,048,576.
    pub max_read_buffer_size: u32,

    /// How much the system keeps of what a client has not read yet, in bytes. Default: 65,536.
    pub max_write_buffer_size: u32,
}

impl Default for NamedPipeTransportOptions {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, Into::into);
        Self {
            listener_queue_count: processors.min(16),
            max_read_buffer_size: 1024 * 1024,
            max_write_buffer_size: 64 * 1024,
        }
    }
}
