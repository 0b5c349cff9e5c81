//! WebSockets: accepting one, and talking over it.

use std::time::Duration;

use super::{WebSocket, token::is_token};
use crate::{BoxFuture, Feature, FeatureCollection, FeatureError};

/// Tells whether the request asks for a WebSocket, and accepts it. Set by the WebSocket middleware
/// on top of upgrade and extended CONNECT, or by a server that has WebSockets of its own.
pub trait HttpWebSocketFeature: Feature {
    /// True if the request is a valid WebSocket handshake.
    fn is_web_socket_request(&self) -> bool;

    /// The sub-protocols that the client offers, best first.
    fn requested_protocols(&self) -> &[String];

    /// Starts the response with 101 (HTTP/1.1) or 200 (above) and gives the WebSocket. It is handed
    /// the features without itself among them; applications call [`accept_web_socket`].
    ///
    /// # Errors
    /// Invalid state: no WebSocket request, or the response has started. Invalid argument: a
    /// sub-protocol that the client did not offer.
    fn accept<'a>(
        &'a mut self,
        features: &'a mut FeatureCollection,
        context: WebSocketAcceptContext,
    ) -> BoxFuture<'a, Result<Box<dyn WebSocket>, FeatureError>>;
}

/// Accepts the WebSocket that the request asks for.
///
/// # Errors
/// Not supported: neither the server nor a middleware offers WebSockets. Otherwise those of
/// [`HttpWebSocketFeature::accept`].
pub async fn accept_web_socket(
    features: &mut FeatureCollection,
    context: WebSocketAcceptContext,
) -> Result<Box<dyn WebSocket>, FeatureError> {
    let Some(mut feature) = features.take::<dyn HttpWebSocketFeature>() else {
        return Err(FeatureError::not_supported(
            "WebSockets are not supported here; add the WebSocket middleware in front",
        ));
    };
    let accepted = feature.accept(features, context).await;
    features.set(feature);
    accepted
}

/// How a WebSocket is accepted.
///
/// ```
/// use falconry_features::WebSocketAcceptContext;
///
/// let mut context = WebSocketAcceptContext::default();
/// context.set_sub_protocol(Some("chat")).unwrap();
/// assert_eq!(context.sub_protocol(), Some("chat"));
/// assert!(context.set_sub_protocol(Some("a b")).unwrap_err().is_invalid_argument());
/// assert!(context.set_server_max_window_bits(8).unwrap_err().is_out_of_range());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocketAcceptContext {
    sub_protocol: Option<String>,
    server_max_window_bits: u8,
    /// How often the server pings an idle client; zero is never. Default: as the middleware is set.
    pub keep_alive_interval: Option<Duration>,
    /// How long the server waits for the answer to a ping before it gives the client up; zero or
    /// [`Duration::MAX`] is forever. Default: as the middleware is set.
    pub keep_alive_timeout: Option<Duration>,
    /// True if messages may be compressed (RFC 7692) should the client offer it. Compressing a
    /// secret together with what an attacker chose gives the secret away. Default: false.
    pub dangerous_enable_compression: bool,
    /// True if each message is compressed for itself: slower, but without memory between messages.
    /// Default: false.
    pub disable_server_context_takeover: bool,
}

impl Default for WebSocketAcceptContext {
    fn default() -> Self {
        Self {
            sub_protocol: None,
            server_max_window_bits: 15,
            keep_alive_interval: None,
            keep_alive_timeout: None,
            dangerous_enable_compression: false,
            disable_server_context_takeover: false,
        }
    }
}

impl WebSocketAcceptContext {
    /// The sub-protocol to agree on. Default: none.
    pub fn sub_protocol(&self) -> Option<&str> {
        self.sub_protocol.as_deref()
    }

    /// Chooses the sub-protocol to agree on.
    ///
    /// # Errors
    /// Invalid argument: it is no token.
    pub fn set_sub_protocol(&mut self, sub_protocol: Option<&str>) -> Result<(), FeatureError> {
        if let Some(name) = sub_protocol.filter(|name| !is_token(name)) {
            return Err(FeatureError::invalid_argument(format!(
                "{name:?} cannot name a sub-protocol: only letters, digits and !#$%&'*+-.^_`|~ may stand there"
            )));
        }
        self.sub_protocol = sub_protocol.map(str::to_owned);
        Ok(())
    }

    /// The base-2 logarithm of the compression's window, in bytes. Default: 15.
    pub fn server_max_window_bits(&self) -> u8 {
        self.server_max_window_bits
    }

    /// Changes the compression's window: memory against size.
    ///
    /// # Errors
    /// Out of range: not between 9 and 15.
    pub fn set_server_max_window_bits(&mut self, bits: u8) -> Result<(), FeatureError> {
        if !(9..=15).contains(&bits) {
            return Err(FeatureError::out_of_range(format!(
                "a compression window of 2^{bits} bytes: the exponent must be between 9 and 15"
            )));
        }
        self.server_max_window_bits = bits;
        Ok(())
    }
}
