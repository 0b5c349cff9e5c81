//! A UDP socket that accepts connections of QUIC.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use falconry_features::{CancellationToken, ServerError};
use quinn::{Endpoint, EndpointConfig, Incoming, ServerConfig, TokioRuntime};
use socket2::{Domain, Protocol, Socket, Type};

use super::{connection, transport};
use crate::{
    HttpProtocols, KestrelServerOptions, ListenOptions,
    connection::{ConnectionShared, live},
    events,
    listener::{Current, Manner},
    metrics::{ConnectionTags, error_type},
    server::ServerShared,
    tls::{QuicHandshake, TlsEndpoint},
    transport::Endpoints,
};

/// While so many connections are open, a new client must prove its address first (RFC 9000 section 8.1).
const TRUSTED_CONNECTIONS: usize = 256;

/// HTTP/3 on one endpoint.
#[derive(Clone)]
pub(crate) struct Quic {
    config: Arc<ServerConfig>,
    tls: Arc<TlsEndpoint>,
    is_announced: bool,
}

impl Quic {
    /// What the endpoint asks for; `None` if that is not HTTP/3.
    pub(crate) fn of(
        endpoint: &ListenOptions,
        tls: &Arc<TlsEndpoint>,
        options: &KestrelServerOptions,
    ) -> Result<Option<Self>, ServerError> {
        if !endpoint.protocols.contains(HttpProtocols::HTTP3) {
            return Ok(None);
        }
        let mut config = ServerConfig::with_crypto(tls.quic_crypto(endpoint)?);
        config.transport_config(transport::config(options));
        config.max_incoming(options.quic.backlog as usize);
        let is_announced = !endpoint.disable_alt_svc_header;
        Ok(Some(Self { config: Arc::new(config), tls: Arc::clone(tls), is_announced }))
    }

    /// The same for new connections under other limits.
    pub(crate) fn with_limits(&self, options: &KestrelServerOptions) -> Self {
        let mut config = ServerConfig::clone(&self.config);
        config.transport_config(transport::config(options));
        Self { config: Arc::new(config), tls: Arc::clone(&self.tls), is_announced: self.is_announced }
    }

    /// True if responses over TCP shall tell of it.
    pub(crate) fn is_announced(&self) -> bool {
        self.is_announced
    }
}

impl std::fmt::Debug for Quic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Quic").finish_non_exhaustive()
    }
}

/// One listening socket of QUIC.
#[derive(Debug)]
pub(crate) struct QuicListener {
    endpoint: Endpoint,
    address: SocketAddr,
}

impl QuicListener {
    /// Binds to the address that a TCP socket has; `has_lock` if that one stays.
    pub(crate) fn bind(
        address: SocketAddr,
        both_families: bool,
        has_lock: bool,
        quic: &Quic,
    ) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(!both_families)?;
        }
        // Unix: the last packets of a server that has stopped do not keep the next one out. That nobody else listens
        // here is known from the TCP socket.
        #[cfg(unix)]
        socket.set_reuse_address(has_lock)?;
        #[cfg(not(unix))]
        let _ = has_lock;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let config = ServerConfig::clone(&quic.config);
        let endpoint =
            Endpoint::new(EndpointConfig::default(), Some(config), socket.into(), Arc::new(TokioRuntime))?;
        Ok(Self { endpoint, address })
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Accepts until `ends` fires.
    pub(crate) async fn accept_all(
        self,
        manner: Arc<Manner>,
        ends: CancellationToken,
        server: Arc<ServerShared>,
    ) {
        let mut ended = ends.cancelled();
        loop {
            let incoming = tokio::select! {
                biased;
                () = &mut ended => break,
                incoming = self.endpoint.accept() => incoming,
            };
            let Some(incoming) = incoming else { break };
            self.serve(incoming, manner.current(), &server);
        }
        // What is left runs behind the end of the listener.
        tokio::spawn(self.refuse_all());
    }

    /// Refuses new clients as long as connections keep the socket, so that they do not wait for an answer in vain.
    async fn refuse_all(self) {
        let mut idle = pin!(self.endpoint.wait_idle());
        loop {
            tokio::select! {
                () = &mut idle => break,
                incoming = self.endpoint.accept() => match incoming {
                    Some(incoming) => incoming.refuse(),
                    None => break,
                },
            }
        }
    }

    fn serve(&self, incoming: Incoming, current: Current, server: &Arc<ServerShared>) {
        let Current { quic: Some(quic), group, .. } = current else { return incoming.refuse() };
        if !incoming.remote_address_validated()
            && incoming.may_retry()
            && self.endpoint.open_connections() >= TRUSTED_CONNECTIONS
        {
            // An error means that this client had been asked already.
            let _ = incoming.retry();
            return;
        }
        let endpoints =
            Endpoints { local: Some(self.local_of(&incoming)), remote: Some(incoming.remote_address()) };
        let shared = ConnectionShared::new(Arc::clone(server), endpoints, "https");
        shared.observed.begin(&shared.options, || ConnectionTags::quic(endpoints));
        let Some(open) = server.connections.open(Arc::clone(&shared), group) else {
            events::connection_rejected(&shared);
            shared.observed.rejected(error_type::MAX_CONNECTIONS);
            return incoming.refuse();
        };
        events::connection_accepted(&shared);
        shared.observed.queued();
        tokio::spawn(async move {
            open.begin();
            live(serve(incoming, quic, Arc::clone(&open.shared)), &open.shared).await;
            open.shared.lifetime.end().await;
            drop(open);
        });
    }

    /// Which of the machine's addresses the client has reached.
    fn local_of(&self, incoming: &Incoming) -> SocketAddr {
        incoming.local_ip().map_or(self.address, |ip| SocketAddr::new(ip, self.address.port()))
    }
}

/// Serves a connection from its handshake to its end.
async fn serve(incoming: Incoming, quic: Quic, shared: Arc<ConnectionShared>) {
    let Ok(connecting) = incoming.accept_with(quic.config) else { return };
    let handshake = quic.tls.begin_quic(&shared);
    let connection = tokio::select! {
        done = connecting => done.map_err(|error| error.to_string()),
        () = out_of_time(handshake.timeout(), &shared) => Err("it took too long".to_owned()),
    };
    match connection {
        Ok(connection) => {
            let agreed = connection.handshake_data().and_then(|data| data.downcast().ok());
            let agreed = agreed.map(|data: Box<quinn::crypto::rustls::HandshakeData>| *data);
            handshake.completed(QuicHandshake {
                host_name: agreed.and_then(|data| data.server_name),
                peer: connection.peer_identity(),
            });
            connection::serve(connection, shared).await;
        }
        Err(reason) => {
            tracing::debug!(connection = shared.id, reason, "AuthenticationFailed: no handshake of QUIC");
        }
    }
}

/// Completes when a handshake must end.
async fn out_of_time(limit: Option<Duration>, shared: &ConnectionShared) {
    let limited = async {
        match limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = limited => {}
        () = shared.signal.aborted() => {}
    }
}
