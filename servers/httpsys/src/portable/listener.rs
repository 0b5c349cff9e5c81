//! One listening socket, on Kestrel's connections.

use std::{error::Error, fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use falconry_features::{CancellationToken, Deadline, FeatureError, MinDataRate, Server, ServerError};
use falconry_kestrel::{KestrelServer, KestrelServerLimits, KestrelServerOptions, ListenOptions};

use super::{port::REPLACED, router::PortRouter};
use crate::driver::{TimeoutLimits, Win32Error};

/// What HTTP.sys gives a connection unless told otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(120);
const DEFAULT_MIN_SEND_RATE: u32 = 150;

/// A socket that is listened on.
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    pub(super) limits: ListenerLimits,
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
        let server = serve(address, router, limits).await?;
        Ok(Self { address, limits, server })
    }

    /// New connections keep to other limits; the old ones end after what is under way.
    pub(super) async fn restart(
        &mut self,
        router: PortRouter,
        limits: ListenerLimits,
    ) -> Result<(), Win32Error> {
        self.server.stop_listening().await;
        let server = serve(self.address, router, limits).await?;
        let old = std::mem::replace(&mut self.server, server);
        self.limits = limits;
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
        Ok(())
    }

    /// On return the socket is closed; the connections go on.
    pub(super) async fn stop_accepting(&self) {
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
    address: SocketAddr,
    router: PortRouter,
    limits: ListenerLimits,
) -> Result<Arc<KestrelServer>, Win32Error> {
    let mut options = KestrelServerOptions::default();
    options.add_server_header = false;
    set_limits(&mut options.limits, limits).map_err(|_| Win32Error::INVALID_PARAMETER)?;
    let https = router.is_https().then(|| router.https());
    let configure = |endpoint: &mut ListenOptions| {
        if let Some(configure) = https {
            endpoint.use_https_with(|https| configure.iter().for_each(|configure| configure(https)));
        }
    };
    if address.ip().is_unspecified() {
        // Both families, or the older one where there is no other.
        options.listen_any_ip_with(address.port(), configure);
    } else {
        options.listen_with(address, configure);
    }
    let server = Arc::new(KestrelServer::new(options));
    let is_https = router.is_https();
    server.start(Arc::new(router)).await.map_err(|error| code_of(&error, is_https))?;
    Ok(server)
}

fn set_limits(limits: &mut KestrelServerLimits, wanted: ListenerLimits) -> Result<(), FeatureError> {
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

fn code_of(error: &ServerError, is_https: bool) -> Win32Error {
    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match cause.map(io::Error::kind) {
        _ if error.is_address_in_use() => Win32Error::SHARING_VIOLATION,
        Some(io::ErrorKind::PermissionDenied) => Win32Error::ACCESS_DENIED,
        Some(_) => Win32Error::INVALID_PARAMETER,
        None => {
            tracing::error!(%error, "the portable driver cannot listen");
            // A certificate is all that can be wrong beside the address.
            if is_https { Win32Error::NOT_FOUND } else { Win32Error::INVALID_PARAMETER }
        }
    }
}
