//! Connection middleware: what stands between the socket and HTTP.

mod context;
mod logging;
mod next;

use falconry_features::BoxFuture;

use self::logging::ConnectionLogging;
pub(crate) use self::next::Middlewares;
pub use self::{context::ConnectionContext, next::ConnectionNext};
use crate::ListenOptions;

/// Sees each connection of an endpoint from its first byte to its last. It may put something around the transport, set
/// features of the connection, serve the connection itself or end it: by not running what comes next.
///
/// Closures are middleware, too: see [`ListenOptions::use_connection`].
///
/// ```
/// use falconry_kestrel::{ConnectionContext, ConnectionMiddleware, ConnectionNext};
/// use falconry_features::BoxFuture;
///
/// /// Tells the end of each connection.
/// struct Ends;
///
/// impl ConnectionMiddleware for Ends {
///     fn invoke(&self, connection: ConnectionContext, next: ConnectionNext) -> BoxFuture<'static, ()> {
///         Box::pin(async move {
///             let id = connection.id().to_owned();
///             next.run(connection).await;
///             println!("{id} has ended");
///         })
///     }
/// }
/// ```
///
/// It runs in the task of the connection, and so must what comes next: not in a task that it spawns. When the server
/// stops, `ConnectionLifetimeNotificationFeature` tells it; what has not ended at the deadline is dropped. HTTP/3 has
/// no connections of this kind.
pub trait ConnectionMiddleware: Send + Sync + 'static {
    /// Serves one connection; [`ConnectionNext::run`] goes on to the next middleware, to TLS or to HTTP.
    fn invoke(&self, connection: ConnectionContext, next: ConnectionNext) -> BoxFuture<'static, ()>;
}

impl<F, R> ConnectionMiddleware for F
where
    F: Fn(ConnectionContext, ConnectionNext) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    fn invoke(&self, connection: ConnectionContext, next: ConnectionNext) -> BoxFuture<'static, ()> {
        Box::pin(self(connection, next))
    }
}

impl ListenOptions {
    /// Adds connection middleware: the first is the outermost. What is added before https is set up
    /// ([`tls`](Self::tls)) sees the bytes of the socket, what is added later those of HTTP. Default: none, and then it
    /// costs nothing.
    ///
    /// ```
    /// # use falconry_kestrel::KestrelServerOptions;
    /// let mut options = KestrelServerOptions::default();
    /// options.listen_with("127.0.0.1:8080".parse()?, |endpoint| {
    ///     endpoint.use_connection(|connection, next| async move {
    ///         let id = connection.id().to_owned();
    ///         next.run(connection).await;
    ///         println!("{id} has ended");
    ///     });
    /// });
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    pub fn use_connection<F, R>(&mut self, middleware: F) -> &mut Self
    where
        F: Fn(ConnectionContext, ConnectionNext) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        self.use_connection_middleware(middleware)
    }

    /// As [`use_connection`](Self::use_connection), for middleware that is a type of its own.
    pub fn use_connection_middleware(&mut self, middleware: impl ConnectionMiddleware) -> &mut Self {
        self.middleware.add(middleware, self.tls);
        self
    }

    /// Logs every byte that comes and goes, in hexadecimal, at the level DEBUG with the target
    /// `falconry_kestrel::connection_logging`. Without that level it does nothing. As for its place, see
    /// [`use_connection`](Self::use_connection). What it logs may be secret.
    ///
    /// ```
    /// # use falconry_kestrel::KestrelServerOptions;
    /// let mut options = KestrelServerOptions::default();
    /// options.configure_endpoint_defaults(|endpoint| {
    ///     endpoint.use_connection_logging();
    /// });
    /// ```
    pub fn use_connection_logging(&mut self) -> &mut Self {
        self.use_connection_middleware(ConnectionLogging)
    }
}
