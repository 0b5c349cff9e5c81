//! The way of one connection: what a proxy tells, middleware, TLS, middleware, HTTP.

use std::sync::Arc;

use super::Current;
use crate::{
    connection::ConnectionShared,
    middleware::{ConnectionContext, ConnectionNext},
    transport::Socket,
};

impl Current {
    /// Serves a connection from its first byte to its last.
    pub(super) async fn serve(self, mut socket: Socket, connection: Arc<ConnectionShared>) {
        if let Some(proxy) = &self.proxy_protocol
            && !proxy.admit(&mut socket, &connection).await
        {
            return;
        }
        let Self { security, middleware, .. } = self;
        if middleware.outer.is_empty() {
            return security.serve(socket, &middleware.inner, connection).await;
        }
        let context = ConnectionContext::new(Box::new(socket), connection.own_features(), &connection);
        let last = {
            let (middleware, connection) = (Arc::clone(&middleware), Arc::clone(&connection));
            move |context: ConnectionContext| -> falconry_features::BoxFuture<'static, ()> {
                connection.set_outer_features(context.features);
                let socket = Socket::Boxed(context.transport);
                Box::pin(async move { security.serve(socket, &middleware.inner, connection).await })
            }
        };
        let served = ConnectionNext::new(&middleware.outer, last).run(context);
        tokio::select! {
            () = served => {}
            // Middleware need not hear of it.
            () = connection.signal.aborted() => {}
        }
    }
}
