//! From an endpoint to its listening sockets.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use falconry_features::ServerError;
use socket2::{Domain, Protocol, Socket, Type};

use super::{Current, Listener, Manner};
use crate::{KestrelServerOptions, ListenEndpoint, ListenOptions, SocketTransportOptions};

/// An endpoint that is bound: one listening socket, or several for both loopback addresses.
#[derive(Debug)]
pub(crate) struct BoundEndpoint {
    pub(crate) options: ListenOptions,
    /// The address that was bound, with the port that the system chose.
    pub(crate) address: Option<SocketAddr>,
    pub(crate) manner: Arc<Manner>,
    pub(crate) listeners: Vec<Listener>,
}

/// Binds and listens.
pub(crate) fn bind(
    endpoint: &ListenOptions,
    options: &KestrelServerOptions,
) -> Result<BoundEndpoint, ServerError> {
    let current = Current::of(endpoint, options)?;
    let listeners = listen_on(endpoint, options)?;
    #[cfg(feature = "http3")]
    let listeners = super::quic::add(listeners, endpoint, &current, || listen_on(endpoint, options))?;
    let manner = Arc::new(Manner::new(current));
    let address = listeners.first().and_then(Listener::local_addr);
    Ok(BoundEndpoint { options: endpoint.clone(), address, manner, listeners })
}

fn listen_on(endpoint: &ListenOptions, options: &KestrelServerOptions) -> Result<Vec<Listener>, ServerError> {
    let transport = &options.transport;
    let listeners = match endpoint.endpoint() {
        ListenEndpoint::Ip(address) => vec![bind_ip(*address, endpoint, transport)?],
        ListenEndpoint::AnyIp { port } => vec![bind_any(*port, endpoint, transport)?],
        ListenEndpoint::Localhost { port, .. } => bind_localhost(*port, endpoint, transport)?,
        ListenEndpoint::Handle(handle) => vec![from_handle(handle, endpoint)?],
        #[cfg(unix)]
        ListenEndpoint::Unix(path) => vec![bind_unix(path, endpoint)?],
        #[cfg(windows)]
        ListenEndpoint::NamedPipe(name) => {
            let pipe = super::pipe::PipeListener::new(name, &options.named_pipes);
            vec![pipe.map_err(|error| ServerError::cannot_bind(endpoint, error))?.into()]
        }
        other => {
            return Err(ServerError::platform(format!(
                "{other} cannot be listened on here: use a TCP endpoint"
            )));
        }
    };
    let listeners = share(listeners, endpoint, transport)?;
    Ok(listeners)
}

/// The URL of an endpoint that is bound to `address`.
pub(crate) fn url(endpoint: &ListenOptions, address: Option<SocketAddr>) -> String {
    match (endpoint.endpoint(), address) {
        (ListenEndpoint::Ip(_) | ListenEndpoint::AnyIp { .. } | ListenEndpoint::Handle(_), Some(address)) => {
            format!("{}://{address}", endpoint.scheme())
        }
        _ => endpoint.to_string(),
    }
}

/// With more sockets on the same addresses, if there shall be several.
fn share(
    mut listeners: Vec<Listener>,
    endpoint: &ListenOptions,
    transport: &SocketTransportOptions,
) -> Result<Vec<Listener>, ServerError> {
    let both_families = match endpoint.endpoint() {
        ListenEndpoint::AnyIp { .. } => true,
        ListenEndpoint::Ip(_) | ListenEndpoint::Localhost { .. } => false,
        _ => return Ok(listeners),
    };
    // With the port that the system chose for the first.
    let addresses: Vec<_> = listeners.iter().filter_map(Listener::local_addr).collect();
    for _ in 1..transport.accept_socket_count() {
        for address in &addresses {
            let listener = listen(*address, both_families, transport);
            listeners.push(listener.map_err(|error| ServerError::cannot_bind(endpoint, error))?);
        }
    }
    Ok(listeners)
}

fn bind_ip(
    address: SocketAddr,
    endpoint: &ListenOptions,
    transport: &SocketTransportOptions,
) -> Result<Listener, ServerError> {
    listen(address, false, transport).map_err(|error| ServerError::cannot_bind(endpoint, error))
}

/// Both families on one socket or, where there is no IPv6, the older one alone.
fn bind_any(
    port: u16,
    endpoint: &ListenOptions,
    transport: &SocketTransportOptions,
) -> Result<Listener, ServerError> {
    match listen((Ipv6Addr::UNSPECIFIED, port).into(), true, transport) {
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            bind_ip((Ipv4Addr::UNSPECIFIED, port).into(), endpoint, transport)
        }
        other => other.map_err(|error| ServerError::cannot_bind(endpoint, error)),
    }
}

/// Both loopback addresses. One that is in use is fatal: another program would get half of the
/// clients. One that the machine lacks is not.
fn bind_localhost(
    port: u16,
    endpoint: &ListenOptions,
    transport: &SocketTransportOptions,
) -> Result<Vec<Listener>, ServerError> {
    let mut listeners = Vec::with_capacity(2);
    let mut failures = Vec::new();
    for address in [SocketAddr::from((Ipv4Addr::LOCALHOST, port)), (Ipv6Addr::LOCALHOST, port).into()] {
        match listen(address, false, transport) {
            Ok(listener) => listeners.push(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                return Err(ServerError::cannot_bind(endpoint, error));
            }
            Err(error) => {
                tracing::info!(%address, %error, "Unable to bind to one of the loopback addresses");
                failures.push(error);
            }
        }
    }
    match failures.pop() {
        Some(error) if listeners.is_empty() => Err(ServerError::cannot_bind(endpoint, error)),
        _ => Ok(listeners),
    }
}

fn listen(
    address: SocketAddr,
    both_families: bool,
    transport: &SocketTransportOptions,
) -> io::Result<Listener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!both_families)?;
    }
    // Unix: a restart need not wait for old connections. Windows means something else by it.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    #[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
    socket.set_reuse_port(transport.accept_socket_count() > 1)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(transport.backlog).unwrap_or(i32::MAX))?;
    Listener::tcp(socket.into(), transport.no_delay)
}

fn from_handle(handle: &crate::ListenHandle, endpoint: &ListenOptions) -> Result<Listener, ServerError> {
    let listener = match handle.tcp() {
        Some(socket) => socket.try_clone().and_then(|socket| {
            socket.set_nonblocking(true)?;
            Listener::tcp(socket, true)
        }),
        #[cfg(unix)]
        None => handle.unix().map_or_else(
            || Err(io::ErrorKind::InvalidInput.into()),
            |socket| {
                let socket = socket.try_clone()?;
                socket.set_nonblocking(true)?;
                Listener::unix(socket, None)
            },
        ),
        #[cfg(not(unix))]
        None => Err(io::ErrorKind::InvalidInput.into()),
    };
    listener.map_err(|error| ServerError::cannot_bind(endpoint, error))
}

#[cfg(unix)]
fn bind_unix(path: &std::path::Path, endpoint: &ListenOptions) -> Result<Listener, ServerError> {
    std::os::unix::net::UnixListener::bind(path)
        .and_then(|socket| {
            socket.set_nonblocking(true)?;
            Listener::unix(socket, Some(path.to_owned()))
        })
        .map_err(|error| ServerError::cannot_bind(endpoint, error))
}
