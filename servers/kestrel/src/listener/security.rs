//! How the connections of an endpoint begin: in clear, or with a TLS handshake.

use std::sync::Arc;

use falconry_features::ServerError;
#[cfg(feature = "tls")]
use falconry_features::{BoxFuture, FeatureCollection};

use crate::{
    HttpProtocols, ListenOptions, connection::ConnectionShared, http2, middleware::Chain, transport::Socket,
};
#[cfg(feature = "tls")]
use crate::{
    http1,
    middleware::{ConnectionContext, ConnectionNext},
    tls::{Protocol, TlsEndpoint},
    transport::Transport,
};

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

    /// HTTP/3 with the same certificates, if the endpoint asks for it.
    #[cfg(feature = "http3")]
    pub(super) fn quic(
        &self,
        endpoint: &ListenOptions,
        options: &crate::KestrelServerOptions,
    ) -> Result<Option<crate::http3::Quic>, ServerError> {
        match self {
            Self::Clear(_) => Ok(None),
            Self::Tls(tls) => crate::http3::Quic::of(endpoint, tls, options),
        }
    }

    pub(super) fn scheme(&self) -> &'static str {
        match self {
            Self::Clear(_) => "http",
            #[cfg(feature = "tls")]
            Self::Tls(_) => "https",
        }
    }

    /// Serves a connection from the first byte of HTTP or of TLS to its last. A handshake is part of it: it takes a
    /// place among the connections and none of the listener's time. `inner` is the middleware between TLS and HTTP.
    ///
    /// What comes one after the other is boxed: a connection has room for what it does now, not for the greatest of all
    /// that it may do.
    pub(super) async fn serve(self, socket: Socket, inner: &Chain, connection: Arc<ConnectionShared>) {
        match self {
            // There is no TLS to be inside of.
            Self::Clear(protocols) => {
                debug_assert!(inner.is_empty(), "middleware after https without https");
                http2::serve_clear(socket, protocols, connection).await;
            }
            #[cfg(feature = "tls")]
            Self::Tls(tls) => match Box::pin(tls.handshake(socket, &connection)).await {
                Some((stream, protocol)) if inner.is_empty() => {
                    Box::pin(serve(stream, protocol, connection)).await;
                }
                Some((stream, protocol)) => {
                    let features = FeatureCollection::with_defaults(Arc::clone(connection.features()));
                    let context = ConnectionContext::new(Box::new(stream), features, &connection);
                    let last = move |context: ConnectionContext| -> BoxFuture<'static, ()> {
                        connection.set_inner_features(context.features);
                        Box::pin(serve(Socket::Boxed(context.transport), protocol, connection))
                    };
                    ConnectionNext::new(inner, last).run(context).await;
                }
                None => {}
            },
        }
    }
}

#[cfg(feature = "tls")]
async fn serve(stream: impl Transport, protocol: Protocol, connection: Arc<ConnectionShared>) {
    match protocol {
        Protocol::Http1 => http1::serve(stream, connection).await,
        Protocol::Http2 => http2::serve(stream, Vec::new(), connection).await,
    }
}
