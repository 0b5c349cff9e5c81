//! What comes after a middleware.

use std::{fmt, sync::Arc};

use falconry_features::BoxFuture;

use super::{ConnectionContext, ConnectionMiddleware};

/// The middleware of one endpoint, on both sides of TLS.
#[derive(Clone, Default)]
pub(crate) struct Middlewares {
    /// What sees the bytes of the socket.
    pub(crate) outer: Chain,
    /// What sees the bytes of HTTP.
    pub(crate) inner: Chain,
}

pub(crate) type Chain = Vec<Arc<dyn ConnectionMiddleware>>;

impl Middlewares {
    pub(crate) fn add(&mut self, middleware: impl ConnectionMiddleware, is_inner: bool) {
        let chain = if is_inner { &mut self.inner } else { &mut self.outer };
        chain.push(Arc::new(middleware));
    }
}

/// Equal if both are the same middleware.
impl PartialEq for Middlewares {
    fn eq(&self, other: &Self) -> bool {
        let same = |one: &Chain, other: &Chain| {
            let parts = one.iter().zip(other);
            one.len() == other.len() && parts.into_iter().all(|(one, other)| Arc::ptr_eq(one, other))
        };
        same(&self.outer, &other.outer) && same(&self.inner, &other.inner)
    }
}

impl Eq for Middlewares {}

impl fmt::Debug for Middlewares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} outside and {} inside of TLS", self.outer.len(), self.inner.len())
    }
}

/// What comes after a connection middleware. Dropping it ends the connection, once the middleware has ended.
pub struct ConnectionNext {
    /// What is left, the next at the end.
    left: Chain,
    last: Last,
}

type Last = Box<dyn FnOnce(ConnectionContext) -> BoxFuture<'static, ()> + Send>;

impl ConnectionNext {
    pub(crate) fn new(
        chain: &Chain,
        last: impl FnOnce(ConnectionContext) -> BoxFuture<'static, ()> + Send + 'static,
    ) -> Self {
        Self { left: chain.iter().rev().cloned().collect(), last: Box::new(last) }
    }

    /// Serves the connection; completes when it has ended.
    pub async fn run(mut self, connection: ConnectionContext) {
        match self.left.pop() {
            Some(middleware) => middleware.invoke(connection, self).await,
            None => (self.last)(connection).await,
        }
    }
}

impl fmt::Debug for ConnectionNext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionNext").field("left", &self.left.len()).finish_non_exhaustive()
    }
}
