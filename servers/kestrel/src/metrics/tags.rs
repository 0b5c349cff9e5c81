//! What is told with each event. The names are those of OpenTelemetry's conventions.

use std::time::Duration;

use falconry_features::Tags;

use crate::transport::{Endpoints, Socket};

/// Where a connection arrived; the same from its beginning to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionTags {
    /// `server.address`: the IP address that the client reached, or the path of the unix socket; empty where the
    /// system does not tell.
    pub server_address: String,
    /// `server.port`; none on a unix socket.
    pub server_port: Option<u16>,
    /// `network.type`: `ipv4` or `ipv6`; none on a unix socket.
    pub network_type: Option<&'static str>,
    /// `network.transport`: `tcp`, `udp`, `unix` or `pipe`.
    pub network_transport: &'static str,
}

/// How a connection ended.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ConnectionEnd {
    /// From the beginning to the end.
    pub duration: Duration,
    /// `network.protocol.version` of `network.protocol.name` `http`: `1.1`, `2` or `3`; none if the connection ended
    /// before that was settled.
    pub protocol_version: Option<&'static str>,
    /// `tls.protocol.version`: `1.2` or `1.3`; none without TLS.
    pub tls_protocol_version: Option<&'static str>,
    /// `error.type`, if the connection did not end in order: one of the values that the page
    /// `docs/kestrel-differences.md` lists, such as `request_headers_timeout`.
    pub error_type: Option<&'static str>,
    /// What the application has added by
    /// [`ConnectionMetricsTagsFeature`](falconry_features::ConnectionMetricsTagsFeature).
    pub added: Tags,
}

/// How a TLS handshake ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandshakeEnd {
    /// From the beginning to the end.
    pub duration: Duration,
    /// `tls.protocol.version`: `1.2` or `1.3`, if the handshake succeeded.
    pub tls_protocol_version: Option<&'static str>,
    /// `error.type`, if it failed: `tls_handshake_failed`.
    pub error_type: Option<&'static str>,
}

impl ConnectionTags {
    pub(crate) fn of(socket: &Socket, endpoints: Endpoints) -> Self {
        match endpoints.local {
            Some(local) => Self {
                server_address: local.ip().to_canonical().to_string(),
                server_port: Some(local.port()),
                network_type: Some(if local.ip().to_canonical().is_ipv4() { "ipv4" } else { "ipv6" }),
                network_transport: "tcp",
            },
            None => Self {
                server_address: socket.local_path().unwrap_or_default(),
                network_transport: socket.transport_name(),
                ..Self::default()
            },
        }
    }
}

#[cfg(feature = "http3")]
impl ConnectionTags {
    /// For a connection of QUIC, which has addresses.
    pub(crate) fn quic(endpoints: Endpoints) -> Self {
        let ip = endpoints.local.map(|local| local.ip().to_canonical());
        Self {
            server_address: ip.map(|ip| ip.to_string()).unwrap_or_default(),
            server_port: endpoints.local.map(|local| local.port()),
            network_type: ip.map(|ip| if ip.is_ipv4() { "ipv4" } else { "ipv6" }),
            network_transport: "udp",
        }
    }
}

/// The values of `error.type`, beside those of refused requests.
pub(crate) mod error_type {
    use std::io;

    pub(crate) const ABORTED_BY_APP: &str = "aborted_by_app";
    pub(crate) const APP_SHUTDOWN_TIMEOUT: &str = "app_shutdown_timeout";
    pub(crate) const CONNECTION_RESET: &str = "connection_reset";
    pub(crate) const ERROR_AFTER_STARTING_RESPONSE: &str = "error_after_starting_response";
    pub(crate) const IO_ERROR: &str = "io_error";
    pub(crate) const KEEP_ALIVE_TIMEOUT: &str = "keep_alive_timeout";
    pub(crate) const MAX_CONNECTIONS: &str = "max_concurrent_connections_exceeded";
    pub(crate) const MIN_RESPONSE_DATA_RATE: &str = "min_response_data_rate";
    pub(crate) const OTHER_ERROR: &str = "other_error";
    #[cfg(feature = "tls")]
    pub(crate) const TLS_HANDSHAKE_FAILED: &str = "tls_handshake_failed";

    /// For a connection that an error of its transport has ended.
    pub(crate) fn of(error: io::ErrorKind) -> &'static str {
        match error {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => CONNECTION_RESET,
            _ => IO_ERROR,
        }
    }
}
