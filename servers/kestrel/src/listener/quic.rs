//! UDP sockets beside TCP sockets, for HTTP/3.

use std::io;

use falconry_features::ServerError;
use http::HeaderValue;

use super::{Current, Listener};
use crate::{
    HttpProtocols, ListenEndpoint, ListenOptions,
    http3::{Quic, QuicListener},
};

/// How often both ports are chosen anew where the system's choice for TCP is taken for UDP.
const ATTEMPTS: usize = 16;

/// Adds a UDP socket with the same address to each TCP socket, if the endpoint has HTTP/3. `listen` listens again.
pub(super) fn add(
    mut listeners: Vec<Listener>,
    endpoint: &ListenOptions,
    current: &Current,
    listen: impl Fn() -> Result<Vec<Listener>, ServerError>,
) -> Result<Vec<Listener>, ServerError> {
    let Some(quic) = &current.quic else { return Ok(listeners) };
    let is_dynamic = endpoint.endpoint().port() == Some(0);
    let has_tcp = endpoint.protocols.contains(HttpProtocols::HTTP1)
        || endpoint.protocols.contains(HttpProtocols::HTTP2);
    let mut attempt = 1;
    let sockets = loop {
        match bind_beside(&listeners, endpoint, quic, has_tcp) {
            Ok(sockets) => break sockets,
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_dynamic && attempt < ATTEMPTS => {
                attempt += 1;
                listeners = listen()?;
            }
            Err(error) => return Err(ServerError::cannot_bind(endpoint, error)),
        }
    };
    for listener in &mut listeners {
        listener.alt_svc = listener.local_addr().and_then(|address| alt_svc(address.port()));
    }
    if !has_tcp {
        // They have chosen the port, and have nothing to serve.
        listeners.clear();
    }
    listeners.extend(sockets.into_iter().map(Listener::from));
    Ok(listeners)
}

fn bind_beside(
    listeners: &[Listener],
    endpoint: &ListenOptions,
    quic: &Quic,
    has_tcp: bool,
) -> io::Result<Vec<QuicListener>> {
    let is_any = matches!(endpoint.endpoint(), ListenEndpoint::AnyIp { .. });
    let addresses = listeners.iter().filter_map(Listener::local_addr);
    addresses.map(|address| QuicListener::bind(address, is_any, has_tcp, quic)).collect()
}

/// RFC 7838 section 3: the same host speaks HTTP/3 on this port, for a day.
fn alt_svc(port: u16) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("h3=\":{port}\"; ma=86400")).ok()
}
