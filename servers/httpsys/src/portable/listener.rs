//! One listening socket, on Kestrel's connections.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    time::Duration,
};

use falconry_features::{CancellationToken, Deadline, MinDataRate, Server};
use falconry_kestrel::{KestrelServer, KestrelServerLimits, KestrelServerOptions};
use socket2::{Domain, Protocol, Socket, Type};

use super::{lock, port::REPLACED, router::PortRouter};
use crate::driver::{TimeoutLimits, Win32Error};

/// What HTTP.sys gives a connection unless told otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(120);
const DEFAULT_MIN_SEND_RATE: u32 = 150;

/// A socket that is listened on.
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    pub(super) limits: ListenerLimits,
    /// Kept for a server with other limits; none once nobody is accepted any more.
    socket: Mutex<Option<TcpListener>>,
    server: Arc<KestrelServer>,
}

/// The limits that are a connection's and no request's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListenerLimits {
    idle_connection: Duration,
    header_wait: Duration,
    min_send_bytes_per_second: u32,
}

impl From<&TimeoutLimits> for ListenerLimits {
    fn from(limits: &TimeoutLimits) -> Self {
        Self {
            idle_connection: limits.idle_connection.unwrap_or(DEFAULT_TIMEOUT),
            header_wait: limits.header_wait.unwrap_or(DEFAULT_TIMEOUT),
            min_send_bytes_per_second: limits.min_send_bytes_per_second.unwrap_or(DEFAULT_MIN_SEND_RATE),
        }
    }
}

impl Listener {
    pub(super) async fn start(
        address: SocketAddr,
        router: PortRouter,
        limits: ListenerLimits,
    ) -> Result<Self, Win32Error> {
        let socket = bind(address).map_err(|error| code_of(&error))?;
        let address = socket.local_addr().map_err(|error| code_of(&error))?;
        let server = serve(&socket, router, limits).await?;
        Ok(Self { address, limits, socket: Mutex::new(Some(socket)), server })
    }

    /// New connections keep to other limits; the old ones end after what is under way.
    pub(super) async fn restart(&mut self, router: PortRouter, limits: ListenerLimits) {
        let socket = lock(&self.socket).as_ref().and_then(|socket| socket.try_clone().ok());
        let Some(socket) = socket else { return };
        let Ok(server) = serve(&socket, router, limits).await else { return };
        let old = std::mem::replace(&mut self.server, server);
        self.limits = limits;
        old.stop_listening().await;
        tokio::spawn(async move {
            let passed = CancellationToken::new();
            let fires = passed.clone();
            let timer = tokio::spawn(async move {
                tokio::time::sleep(REPLACED).await;
                fires.cancel();
            });
            // A stop does not fail.
            let _ = old.stop(Deadline::on(passed, Some(REPLACED))).await;
            timer.abort();
        });
    }

    /// On return the socket is closed; the connections go on.
    pub(super) async fn stop_accepting(&self) {
        lock(&self.socket).take();
        self.server.stop_listening().await;
    }

    /// Ends the connections after what is under way, or at the deadline.
    pub(super) async fn end(&self, deadline: Deadline) {
        self.stop_accepting().await;
        // A stop does not fail.
        let _ = self.server.stop(deadline).await;
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn serve(
    socket: &TcpListener,
    router: PortRouter,
    limits: ListenerLimits,
) -> Result<Arc<KestrelServer>, Win32Error> {
    let mut options = KestrelServerOptions::default();
    options.add_server_header = false;
    set_limits(&mut options.limits, limits).map_err(|_| Win32Error::INVALID_PARAMETER)?;
    let handle = socket.try_clone().map_err(|error| code_of(&error))?;
    let https = router.is_https().then(|| router.https());
    options.listen_handle_with(handle, |endpoint| {
        if let Some(configure) = https {
            endpoint.use_https_with(|https| configure.iter().for_each(|configure| configure(https)));
        }
    });
    let server = Arc::new(KestrelServer::new(options));
    server.start(Arc::new(router)).await.map_err(|error| {
        tracing::error!(%error, "the portable driver cannot listen");
        Win32Error::INVALID_PARAMETER
    })?;
    Ok(server)
}

fn set_limits(
    limits: &mut KestrelServerLimits,
    wanted: ListenerLimits,
) -> Result<(), falconry_features::FeatureError> {
    let rate = match wanted.min_send_bytes_per_second {
        u32::MAX | 0 => None,
        rate => Some(MinDataRate::new(rate.into(), Duration::from_secs(5))?),
    };
    limits
        .set_keep_alive_timeout(wanted.idle_connection)?
        .set_request_headers_timeout(wanted.header_wait)?
        .set_min_response_data_rate(rate)
        // The driver waits for a body as its group says, and the size is the server's to judge.
        .set_min_request_body_data_rate(None)
        .set_max_request_body_size(None);
    Ok(())
}

/// An IPv6 wildcard takes both families; where there is no IPv6 it is the older one's.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let is_any = address.ip().is_unspecified();
    match listen(address, is_any && address.is_ipv6()) {
        Err(error) if is_any && address.is_ipv6() && error.kind() != io::ErrorKind::AddrInUse => {
            listen((Ipv4Addr::UNSPECIFIED, address.port()).into(), false)
        }
        other => other,
    }
}

fn listen(address: SocketAddr, both_families: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!both_families)?;
    }
    // Unix: a restart need not wait for old connections. Windows means something else by it.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

fn code_of(error: &io::Error) -> Win32Error {
    match error.kind() {
        io::ErrorKind::AddrInUse => Win32Error::SHARING_VIOLATION,
        io::ErrorKind::PermissionDenied => Win32Error::ACCESS_DENIED,
        _ => Win32Error::INVALID_PARAMETER,
    }
}
