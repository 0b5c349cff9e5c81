//! How the connections of an endpoint begin: in clear, or with a TLS handshake.

use std::sync::Arc;

#[cfg(feature = "tls")]
use falconry_features::FeatureCollection;
use falconry_features::{BoxFuture, ServerError};

use crate::{
    HttpProtocols, ListenOptions, connection::ConnectionShared, http2, middleware::Middlewares,
    transport::Socket,
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
    /// place among the connections and none of the listener's time. The inner middleware is that between TLS and HTTP.
    pub(super) fn serve(
        self,
        socket: Socket,
        middleware: Arc<Middlewares>,
        connection: Arc<ConnectionShared>,
    ) -> BoxFuture<'static, ()> {
        match self {
            // There is no TLS to be inside of.
            Self::Clear(protocols) => {
                debug_assert!(middleware.inner.is_empty(), "middleware after https without https");
                Box::pin(http2::serve_clear(socket, protocols, connection))
            }
            #[cfg(feature = "tls")]
            Self::Tls(tls) => Box::pin(serve_tls(tls, socket, middleware, connection)),
        }
    }
}

#[cfg(feature = "tls")]
async fn serve_tls(
    tls: Arc<TlsEndpoint>,
    socket: Socket,
    middleware: Arc<Middlewares>,
    connection: Arc<ConnectionShared>,
) {
    let Some((stream, protocol)) = Box::pin(tls.handshake(socket, &connection)).await else { return };
    if middleware.inner.is_empty() {
        return serve(stream, protocol, connection).await;
    }
    let features = FeatureCollection::with_defaults(Arc::clone(connection.features()));
    let context = ConnectionContext::new(Box::new(stream), features, &connection);
    let last = move |context: ConnectionContext| {
        connection.set_inner_features(context.features);
        serve(Socket::Boxed(context.transport), protocol, connection)
    };
    Box::pin(ConnectionNext::new(&middleware.inner, last).run(context)).await;
}

#[cfg(feature = "tls")]
fn serve(
    stream: impl Transport,
    protocol: Protocol,
    connection: Arc<ConnectionShared>,
) -> BoxFuture<'static, ()> {
    match protocol {
        Protocol::Http1 => Box::pin(http1::serve(stream, connection)),
        Protocol::Http2 => Box::pin(http2::serve(stream, Vec::new(), connection)),
    }
}
