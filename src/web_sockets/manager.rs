//! [`WebSocketManager`]: the WebSocket side of a request.

use falconry_features::{HttpWebSocketFeature, WebSocketAcceptContext};
use http::{HeaderValue, StatusCode, Version, header};

use super::WebSocket;
use crate::{HttpContext, Result};

impl HttpContext {
    /// The WebSocket that the request asks for, if it does. Needs [`WebSockets`](crate::WebSockets) in
    /// front, unless the server has WebSockets of its own.
    pub fn web_sockets(&mut self) -> WebSocketManager<'_> {
        WebSocketManager { ctx: self }
    }
}

/// The WebSocket that a request asks for: see [`HttpContext::web_sockets`].
///
/// ```
/// use falconry::{HttpContext, Result, features::WebSocketAcceptContext};
///
/// async fn chat(ctx: &mut HttpContext) -> Result<()> {
///     let mut context = WebSocketAcceptContext::default();
///     if ctx.web_sockets().requested_protocols().iter().any(|name| name == "chat") {
///         context.set_sub_protocol(Some("chat"))?;
///     }
///     let mut socket = ctx.web_sockets().accept(context).await?;
///     socket.send("hello").await?;
///     socket.close(1000, "bye").await
/// }
/// # drop(chat);
/// ```
#[derive(Debug)]
pub struct WebSocketManager<'a> {
    ctx: &'a mut HttpContext,
}

impl WebSocketManager<'_> {
    /// True if the request is a valid handshake and something here can accept it.
    pub fn is_web_socket_request(&self) -> bool {
        self.ctx.is_web_socket_request()
    }

    /// The sub-protocols that the client offers, best first.
    pub fn requested_protocols(&self) -> &[String] {
        let feature = self.ctx.features().get::<dyn HttpWebSocketFeature>();
        feature.map_or(&[], HttpWebSocketFeature::requested_protocols)
    }

    /// Starts the response with 101 (200 above HTTP/1.1) and gives the WebSocket.
    ///
    /// # Errors
    /// Not supported: no WebSocket middleware in front. Invalid state: no WebSocket request, or the
    /// response has started. Invalid argument: a sub-protocol that the client does not offer; nothing
    /// has been answered then.
    pub async fn accept(self, context: WebSocketAcceptContext) -> Result<WebSocket> {
        Ok(WebSocket::new(self.ctx.accept_web_socket(context).await?))
    }

    /// Answers 426 with what would have been right: for requests that are no WebSocket handshake.
    ///
    /// # Errors
    /// The response has started.
    pub async fn require_upgrade(self) -> Result {
        let is_http1 = self.ctx.request().version() < Version::HTTP_2;
        let mut response = self.ctx.response_mut();
        response.set_status(StatusCode::UPGRADE_REQUIRED)?;
        let headers = response.headers_mut()?;
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        if is_http1 {
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        }
        Ok(())
    }
}
