//! Where an end of a connection is.

use std::{fmt, net::SocketAddr, path::PathBuf};

use http::Uri;

/// The address of one end of a connection, or of a listener.
///
/// ```
/// use falconry_features::ConnectionAddress;
///
/// let pipe = ConnectionAddress::NamedPipe { server: ".".into(), name: "falconry".into() };
/// assert_eq!(pipe.to_string(), r"\\.\pipe\falconry");
/// let socket = ConnectionAddress::Unix(Some("/run/falconry.sock".into()));
/// assert_eq!(socket.to_string(), "unix:/run/falconry.sock");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionAddress {
    /// An IP address and a port.
    Ip(SocketAddr),
    /// A unix-domain socket; clients mostly have no path.
    Unix(Option<PathBuf>),
    /// A named pipe of Windows.
    NamedPipe {
        /// The computer; `.` is this one.
        server: String,
        /// The name without `\\.\pipe\`.
        name: String,
    },
    /// A socket or pipe that the process was started with, by the number of its handle.
    Handle {
        /// The number.
        handle: u64,
        /// What it is.
        kind: HandleKind,
    },
    /// Something that a URI names best, such as a tunnel.
    Uri(Uri),
    /// A place in this process, by its name.
    Memory(String),
}

/// What a handle is that the process was started with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HandleKind {
    /// To be found out.
    #[default]
    Auto,
    /// A TCP socket.
    Tcp,
    /// A pipe, or a unix-domain socket.
    Pipe,
}

impl fmt::Display for ConnectionAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Unix(Some(path)) => write!(f, "unix:{}", path.display()),
            Self::Unix(None) => f.write_str("unix:"),
            Self::NamedPipe { server, name } => write!(f, r"\\{server}\pipe\{name}"),
            Self::Handle { handle, .. } => write!(f, "sockfd:{handle}"),
            Self::Uri(uri) => uri.fmt(f),
            Self::Memory(name) => write!(f, "memory:{name}"),
        }
    }
}

impl From<SocketAddr> for ConnectionAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Ip(address)
    }
}
