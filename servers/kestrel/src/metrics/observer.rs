//! Who is told.

use super::{ConnectionEnd, ConnectionTags, HandshakeEnd};

/// Hears of the connections of a server; set by
/// [`KestrelServerOptions::observer`](crate::KestrelServerOptions::observer).
///
/// The methods are called in the tasks of the connections: they must neither wait nor panic. Each does nothing unless it is
/// implemented.
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicUsize, Ordering}};
///
/// use falconry_kestrel::{ConnectionEnd, ConnectionTags, KestrelObserver, KestrelServerOptions};
///
/// #[derive(Default)]
/// struct Failures(AtomicUsize);
///
/// impl KestrelObserver for Failures {
///     fn connection_stopped(&self, _connection: &ConnectionTags, end: &ConnectionEnd) {
///         self.0.fetch_add(usize::from(end.error_type.is_some()), Ordering::Relaxed);
///     }
/// }
///
/// let failures = Arc::new(Failures::default());
/// let mut options = KestrelServerOptions::default();
/// options.observer(failures.clone());
/// ```
#[allow(unused_variables, reason = "the names tell implementors what the parameters are")]
pub trait KestrelObserver: Send + Sync {
    /// A connection was accepted and waits for its task to begin.
    fn connection_queued(&self, connection: &ConnectionTags) {}

    /// A connection no longer waits: it begins, or it has ended before that.
    fn connection_dequeued(&self, connection: &ConnectionTags) {}

    /// A connection begins.
    fn connection_started(&self, connection: &ConnectionTags) {}

    /// A connection that had begun has ended.
    fn connection_stopped(&self, connection: &ConnectionTags, end: &ConnectionEnd) {}

    /// A connection was closed as soon as it was accepted, without being queued or started. `error_type` is
    /// `max_concurrent_connections_exceeded`.
    fn connection_rejected(&self, connection: &ConnectionTags, error_type: &'static str) {}

    /// A TLS handshake begins; its connection has been started.
    fn tls_handshake_started(&self, connection: &ConnectionTags) {}

    /// A TLS handshake is done, or has failed.
    fn tls_handshake_stopped(&self, connection: &ConnectionTags, end: &HandshakeEnd) {}

    /// An HTTP/1.1 connection has left HTTP, for instance for a WebSocket.
    fn upgraded_connection_started(&self, connection: &ConnectionTags) {}

    /// An upgraded connection has ended.
    fn upgraded_connection_stopped(&self, connection: &ConnectionTags) {}
}
