//! How the connections of an endpoint begin: in clear, or with a TLS handshake.

use std::sync::Arc;

use falconry_features::ServerError;

#[cfg(feature = "tls")]
use crate::tls::{Protocol, TlsEndpoint};
use crate::{ListenOptions, connection::ConnectionShared, http1, transport::Socket};

#[derive(Clone, Debug, Default)]
pub(super) enum Security {
    #[default]
    Clear,
    #[cfg(feature = "tls")]
    Tls(Arc<TlsEndpoint>),
}

impl Security {
    /// What the endpoint asks for; its certificates are read.
    pub(super) fn of(endpoint: &ListenOptions) -> Result<Self, ServerError> {
        if !endpoint.tls {
            return Ok(Self::Clear);
        }
        #[cfg(feature = "tls")]
        return TlsEndpoint::new(endpoint).map(|tls| Self::Tls(Arc::new(tls)));
        #[cfg(not(feature = "tls"))]
        Err(ServerError::options(format!(
            "{endpoint} asks for https, which is not compiled in: turn on the Cargo feature `tls` of falconry-kestrel, \
             or use an http:// address"
        )))
    }

    pub(super) fn scheme(&self) -> &'static str {
        match self {
            Self::Clear => "http",
            #[cfg(feature = "tls")]
            Self::Tls(_) => "https",
        }
    }

    /// Serves a connection from its first byte to its last. A handshake is part of it: it takes a
    /// place among the connections and none of the listener's time.
    pub(super) async fn serve(self, socket: Socket, connection: Arc<ConnectionShared>) {
        match self {
            Self::Clear => http1::serve(socket, connection).await,
            #[cfg(feature = "tls")]
            Self::Tls(tls) => match tls.handshake(socket, &connection).await {
                Some((stream, Protocol::Http1)) => http1::serve(stream, connection).await,
                None => {}
            },
        }
    }
}
