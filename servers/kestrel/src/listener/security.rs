//! How the connections of an endpoint begin: in clear, or with a TLS handshake.

use std::sync::Arc;

use falconry_features::ServerError;

#[cfg(feature = "tls")]
use crate::http1;
#[cfg(feature = "tls")]
use crate::tls::{Protocol, TlsEndpoint};
use crate::{HttpProtocols, ListenOptions, connection::ConnectionShared, http2, transport::Socket};

#[derive(Clone, Debug)]
pub(super) enum Security {
    Clear(HttpProtocols),
    #[cfg(feature = "tls")]
    Tls(Arc<TlsEndpoint>),
}

impl Security {
    /// What the endpoint asks for; its certificates are read.
    pub(super) fn of(endpoint: &ListenOptions) -> Result<Self, ServerError> {
        if !endpoint.tls {
            return Ok(Self::Clear(endpoint.protocols));
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
            Self::Clear(_) => "http",
            #[cfg(feature = "tls")]
            Self::Tls(_) => "https",
        }
    }

    /// Serves a connection from its first byte to its last. A handshake is part of it: it takes a
    /// place among the connections and none of the listener's time.
    pub(super) async fn serve(self, socket: Socket, connection: Arc<ConnectionShared>) {
        match self {
            Self::Clear(protocols) => http2::serve_clear(socket, protocols, connection).await,
            #[cfg(feature = "tls")]
            Self::Tls(tls) => match tls.handshake(socket, &connection).await {
                Some((stream, Protocol::Http1)) => http1::serve(stream, connection).await,
                Some((stream, Protocol::Http2)) => http2::serve(stream, Vec::new(), connection).await,
                None => {}
            },
        }
    }
}
