//! [`WebSocketOptions`].

use std::time::Duration;

use falconry_features::CancellationToken;

/// How [`WebSockets`](super::WebSockets) accepts.
///
/// Timers need a tokio runtime; without one there is no keep-alive and no time limit.
///
/// ```
/// use falconry::WebSocketOptions;
/// use std::time::Duration;
///
/// let mut options = WebSocketOptions::default();
/// options.keep_alive_timeout = Some(Duration::from_secs(20));
/// options.allowed_origins = vec!["https://example.org".to_owned()];
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WebSocketOptions {
    /// How often an idle client hears from the server while the application receives; zero is never.
    /// Default: 2 minutes.
    ///
    /// Without a [`keep_alive_timeout`](Self::keep_alive_timeout) it gets a pong, which it need not
    /// answer; with one it gets a ping once it has been silent for so long.
    pub keep_alive_interval: Duration,
    /// How long the answer to such a ping may take before the connection is given up; `None`, zero and
    /// [`Duration::MAX`] are forever. Default: `None`.
    pub keep_alive_timeout: Option<Duration>,
    /// How long the client may take to answer a close frame, or to stop sending after it broke the
    /// protocol, before the connection is given up. Default: 5 seconds.
    pub close_timeout: Duration,
    /// The most bytes that a message may have; a longer one ends the WebSocket with 1009. Default:
    /// 16 MiB. A message is held in memory until it is complete.
    pub max_message_size: usize,
    /// The origins whose pages may open a WebSocket, such as `https://example.org`; all if there is
    /// none or one is `*`. Another one is answered 403; clients that are no browsers send none and
    /// may. Letter case does not matter here; browsers send lower case, and only that matches.
    /// Default: none.
    pub allowed_origins: Vec<String>,
    /// When it fires, open WebSockets get a close frame with 1001 (going away):
    /// `lifetime.stopping().clone()` of the host's [`ApplicationLifetime`](crate::ApplicationLifetime).
    /// They also do when the server asks for the end of the connection
    /// ([`ConnectionLifetimeNotificationFeature`](falconry_features::ConnectionLifetimeNotificationFeature)).
    /// Default: `None`.
    pub stopping: Option<CancellationToken>,
}

impl Default for WebSocketOptions {
    fn default() -> Self {
        Self {
            keep_alive_interval: Duration::from_secs(120),
            keep_alive_timeout: None,
            close_timeout: Duration::from_secs(5),
            max_message_size: 16 * 1024 * 1024,
            allowed_origins: Vec::new(),
            stopping: None,
        }
    }
}
