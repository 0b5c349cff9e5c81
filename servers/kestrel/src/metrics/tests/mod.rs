//! What the adapters record.

#[cfg(feature = "metrics")]
mod facade;
#[cfg(feature = "opentelemetry")]
mod open_telemetry;

use std::time::Duration;

use falconry_features::Tags;

use super::{ConnectionEnd, ConnectionTags, HandshakeEnd, KestrelObserver};

/// Tells of one connection over TLS from its beginning to its end, and of one that was rejected.
fn tell(observer: &dyn KestrelObserver) {
    let tags = ConnectionTags {
        server_address: "127.0.0.1".to_owned(),
        server_port: Some(443),
        network_type: Some("ipv4"),
        network_transport: "tcp",
    };
    observer.connection_queued(&tags);
    observer.connection_dequeued(&tags);
    observer.connection_started(&tags);
    observer.tls_handshake_started(&tags);
    let handshake = HandshakeEnd {
        duration: Duration::from_millis(250),
        tls_protocol_version: Some("1.3"),
        error_type: None,
    };
    observer.tls_handshake_stopped(&tags, &handshake);
    observer.upgraded_connection_started(&tags);
    observer.upgraded_connection_stopped(&tags);
    let mut added = Tags::default();
    added.set("tenant", "acme");
    added.set("attempts", 2);
    added.set("cached", true);
    let end = ConnectionEnd {
        duration: Duration::from_secs(2),
        protocol_version: Some("1.1"),
        tls_protocol_version: Some("1.3"),
        error_type: Some("request_headers_timeout"),
        added,
    };
    observer.connection_stopped(&tags, &end);
    observer.connection_rejected(&tags, "max_concurrent_connections_exceeded");
}

const CONNECTION: &str = "server.address=127.0.0.1 server.port=443 network.type=ipv4 network.transport=tcp";

/// What must have been recorded, in order.
fn expected() -> Vec<String> {
    let http = "network.protocol.name=http network.protocol.version=1.1";
    vec![
        format!("kestrel.queued_connections 1 {CONNECTION}"),
        format!("kestrel.queued_connections -1 {CONNECTION}"),
        format!("kestrel.active_connections 1 {CONNECTION}"),
        format!("kestrel.active_tls_handshakes 1 {CONNECTION}"),
        format!("kestrel.active_tls_handshakes -1 {CONNECTION}"),
        format!("kestrel.tls_handshake.duration 0.25 {CONNECTION} tls.protocol.version=1.3"),
        format!("kestrel.upgraded_connections 1 {CONNECTION}"),
        format!("kestrel.upgraded_connections -1 {CONNECTION}"),
        format!("kestrel.active_connections -1 {CONNECTION}"),
        format!(
            "kestrel.connection.duration 2 {CONNECTION} {http} tls.protocol.version=1.3 \
             error.type=request_headers_timeout tenant=acme attempts=2 cached=true"
        ),
        format!("kestrel.rejected_connections 1 {CONNECTION} error.type=max_concurrent_connections_exceeded"),
    ]
}
