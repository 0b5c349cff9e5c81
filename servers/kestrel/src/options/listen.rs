//! One endpoint: where to listen, and what to speak there.

use std::{
    fmt,
    net::{Ipv6Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use falconry_features::ServerError;

use super::HttpProtocols;
use crate::{ProxyProtocolOptions, middleware::Middlewares};

/// Where an endpoint listens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListenEndpoint {
    /// Every address of the machine: `[::]` for both families or, where there is no IPv6, `0.0.0.0`.
    AnyIp {
        /// The port; 0 lets the system choose.
        port: u16,
    },
    /// A socket that somebody else has bound and hands over, such as systemd.
    Handle(ListenHandle),
    /// One address and port; port 0 lets the system choose.
    Ip(SocketAddr),
    /// Both loopback addresses, `127.0.0.1` and `[::1]`.
    Localhost {
        /// The name to show: `localhost` or a name that ends in `.localhost`.
        name: String,
        /// The port, not 0: one free port for both families cannot be asked for.
        port: u16,
    },
    /// A named pipe (Windows), without the `\\.\pipe\` before it.
    NamedPipe(String),
    /// A unix socket, by its absolute path.
    Unix(PathBuf),
}

impl ListenEndpoint {
    /// Says whether this system can listen there, as far as that is known without trying.
    pub(crate) fn validate(&self) -> Result<(), ServerError> {
        match self {
            Self::Localhost { name, port: 0 } => Err(ServerError::address(format!(
                "{name} stands for two addresses, which cannot share a port chosen by the system: \
                 listen on 127.0.0.1:0, on [::1]:0 or on both, or choose a port"
            ))),
            Self::NamedPipe(name) if !cfg!(windows) => Err(ServerError::platform(format!(
                "the named pipe '{name}' cannot be listened on, as only Windows has named pipes: use a unix socket"
            ))),
            _ => Ok(()),
        }
    }

    /// The port that it asks for.
    pub(crate) fn port(&self) -> Option<u16> {
        match self {
            Self::AnyIp { port } | Self::Localhost { port, .. } => Some(*port),
            Self::Ip(address) => Some(address.port()),
            Self::Handle(_) | Self::NamedPipe(_) | Self::Unix(_) => None,
        }
    }
}

/// As in a URL, what follows the `://`.
impl fmt::Display for ListenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyIp { port } => SocketAddr::from((Ipv6Addr::UNSPECIFIED, *port)).fmt(f),
            Self::Handle(handle) => handle.fmt(f),
            Self::Ip(address) => address.fmt(f),
            Self::Localhost { name, port } => write!(f, "{name}:{port}"),
            Self::NamedPipe(name) => write!(f, "pipe:/{name}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A listening socket that was bound outside the server: by a supervisor, or by a test that must know the port.
///
/// Two handles are equal if they share one socket.
///
/// ```
/// # use falconry_kestrel::ListenHandle;
/// let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let handle = ListenHandle::from(socket);
/// assert!(handle.to_string().starts_with("127.0.0.1:"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ListenHandle(Socket);

#[derive(Clone, Debug)]
enum Socket {
    Tcp(Arc<TcpListener>),
    #[cfg(unix)]
    Unix(Arc<std::os::unix::net::UnixListener>),
}

impl ListenHandle {
    /// The socket, if it is a TCP one.
    pub fn tcp(&self) -> Option<&TcpListener> {
        match &self.0 {
            Socket::Tcp(socket) => Some(socket),
            #[cfg(unix)]
            Socket::Unix(_) => None,
        }
    }

    /// The socket, if it is a unix one.
    #[cfg(unix)]
    pub fn unix(&self) -> Option<&std::os::unix::net::UnixListener> {
        match &self.0 {
            Socket::Tcp(_) => None,
            Socket::Unix(socket) => Some(socket),
        }
    }
}

impl From<TcpListener> for ListenHandle {
    fn from(socket: TcpListener) -> Self {
        Self(Socket::Tcp(Arc::new(socket)))
    }
}

#[cfg(unix)]
impl From<std::os::unix::net::UnixListener> for ListenHandle {
    fn from(socket: std::os::unix::net::UnixListener) -> Self {
        Self(Socket::Unix(Arc::new(socket)))
    }
}

impl PartialEq for ListenHandle {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Socket::Tcp(one), Socket::Tcp(other)) => Arc::ptr_eq(one, other),
            #[cfg(unix)]
            (Socket::Unix(one), Socket::Unix(other)) => Arc::ptr_eq(one, other),
            #[cfg(unix)]
            _ => false,
        }
    }
}

impl Eq for ListenHandle {}

impl fmt::Display for ListenHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(address) = self.tcp().and_then(|socket| socket.local_addr().ok()) {
            return address.fmt(f);
        }
        #[cfg(unix)]
        if let Some(address) = self.unix().and_then(|socket| socket.local_addr().ok())
            && let Some(path) = address.as_pathname()
        {
            return write!(f, "unix:{}", path.display());
        }
        f.write_str("<file handle>")
    }
}

/// One endpoint of a server. Made by the `listen` methods of
/// [`KestrelServerOptions`](super::KestrelServerOptions), which hand it to their closure.
///
/// ```
/// # use falconry_kestrel::{HttpProtocols, KestrelServerOptions};
/// let mut options = KestrelServerOptions::default();
/// options.listen_any_ip_with(8080, |endpoint| endpoint.protocols = HttpProtocols::HTTP1);
/// assert_eq!(options.endpoints()[0].to_string(), "http://[::]:8080");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenOptions {
    endpoint: ListenEndpoint,

    /// The HTTP versions spoken here. Default: HTTP/1 and HTTP/2.
    pub protocols: HttpProtocols,

    /// Leaves out the `Alt-Svc` field that tells clients of HTTP/3 here. Default: false.
    pub disable_alt_svc_header: bool,

    /// Whether the endpoint speaks TLS: decides the scheme of its address. Default: false.
    pub tls: bool,

    #[cfg(feature = "tls")]
    pub(crate) https: crate::tls::EndpointHttps,

    pub(crate) proxy_protocol: Option<ProxyProtocolOptions>,
    pub(crate) middleware: Middlewares,
}

impl ListenOptions {
    /// An endpoint with the defaults.
    pub fn new(endpoint: ListenEndpoint) -> Self {
        Self {
            endpoint,
            protocols: HttpProtocols::default(),
            disable_alt_svc_header: false,
            tls: false,
            #[cfg(feature = "tls")]
            https: Default::default(),
            proxy_protocol: None,
            middleware: Middlewares::default(),
        }
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &ListenEndpoint {
        &self.endpoint
    }

    /// The one address it listens on, if it is of that kind.
    pub fn ip_endpoint(&self) -> Option<SocketAddr> {
        match &self.endpoint {
            ListenEndpoint::Ip(address) => Some(*address),
            _ => None,
        }
    }

    /// The path of its unix socket, if it is of that kind.
    pub fn socket_path(&self) -> Option<&Path> {
        match &self.endpoint {
            ListenEndpoint::Unix(path) => Some(path),
            _ => None,
        }
    }

    /// The name of its pipe, if it is of that kind.
    pub fn pipe_name(&self) -> Option<&str> {
        match &self.endpoint {
            ListenEndpoint::NamedPipe(name) => Some(name),
            _ => None,
        }
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }
}

/// The address, as a URL: `http://127.0.0.1:5000`, `https://[::]:443`, `http://unix:/run/app.sock`.
impl fmt::Display for ListenOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.endpoint)
    }
}
