//! The way of one connection: what a proxy tells, middleware, TLS, middleware, HTTP.
//!
//! What comes one after the other is boxed: a connection has room for what it does now, not for all that it may do.

use std::sync::Arc;

use falconry_features::BoxFuture;

use super::Current;
use crate::{
    connection::ConnectionShared,
    middleware::{ConnectionContext, ConnectionNext},
    transport::Socket,
};

impl Current {
    /// Serves a connection from its first byte to its last.
    pub(super) fn serve(
        self,
        mut socket: Socket,
        connection: Arc<ConnectionShared>,
    ) -> BoxFuture<'static, ()> {
        let Some(proxy) = self.proxy_protocol.clone() else { return self.serve_known(socket, connection) };
        Box::pin(async move {
            if Box::pin(proxy.admit(&mut socket, &connection)).await {
                self.serve_known(socket, connection).await;
            }
        })
    }

    /// The same, once it is known who the client is.
    fn serve_known(self, socket: Socket, connection: Arc<ConnectionShared>) -> BoxFuture<'static, ()> {
        let Self { security, middleware, .. } = self;
        if middleware.outer.is_empty() {
            return security.serve(socket, middleware, connection);
        }
        let context = ConnectionContext::new(Box::new(socket), connection.own_features(), &connection);
        let last = {
            let (middleware, connection) = (Arc::clone(&middleware), Arc::clone(&connection));
            move |context: ConnectionContext| {
                connection.set_outer_features(context.features);
                security.serve(Socket::Boxed(context.transport), middleware, connection)
            }
        };
        let served = ConnectionNext::new(&middleware.outer, last).run(context);
        Box::pin(async move {
            tokio::select! {
                () = served => {}
                // Middleware need not hear of it.
                () = connection.signal.aborted() => {}
            }
        })
    }
}
