//! One connection, as middleware sees it.

use std::{fmt, net::SocketAddr};

use falconry_features::FeatureCollection;

use crate::{
    connection::ConnectionShared,
    transport::{Endpoints, Transport},
};

/// One connection, as [`ConnectionMiddleware`](super::ConnectionMiddleware) sees it.
///
/// ```
/// # use falconry_kestrel::{ConnectionTransport, KestrelServerOptions};
/// # fn throttled(transport: Box<dyn ConnectionTransport>) -> Box<dyn ConnectionTransport> { transport }
/// # let mut options = KestrelServerOptions::default();
/// # options.configure_endpoint_defaults(|endpoint| {
/// endpoint.use_connection(|mut connection, next| async move {
///     connection.transport = throttled(connection.transport);
///     next.run(connection).await
/// });
/// # });
/// ```
#[non_exhaustive]
pub struct ConnectionContext {
    /// The bytes. What comes next reads and writes them: they may be replaced by something around them.
    pub transport: Box<dyn Transport>,

    /// What the connection offers to its requests. What is set here is found by each of them.
    pub features: FeatureCollection,

    id: String,
    endpoints: Endpoints,
}

impl ConnectionContext {
    pub(crate) fn new(
        transport: Box<dyn Transport>,
        features: FeatureCollection,
        connection: &ConnectionShared,
    ) -> Self {
        Self { transport, features, id: connection.id.clone(), endpoints: *connection.endpoints }
    }

    /// The identifier of the connection.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The address of the client, also if a proxy in front tells it; `None` on a unix socket.
    pub fn remote_address(&self) -> Option<SocketAddr> {
        self.endpoints.remote
    }

    /// The address that the client connected to; `None` on a unix socket.
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.endpoints.local
    }
}

impl fmt::Debug for ConnectionContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionContext").field("id", &self.id).finish_non_exhaustive()
    }
}
