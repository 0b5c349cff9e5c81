//! `/ws`: WebSocket echo.

use std::fmt;

use falconry::{Handler, HttpContext, Pipeline, Result, WebSocketOptions, WebSockets};
use falconry_features::{CancellationToken, WebSocketAcceptContext};

/// The route with the middleware in front of it.
pub(super) struct Route(Pipeline);

impl Route {
    /// The route; its WebSockets are closed when the token fires.
    pub(super) fn new(stopping: Option<CancellationToken>) -> Self {
        let mut options = WebSocketOptions::default();
        options.stopping = stopping;
        Self(Pipeline::new().use_(WebSockets::new(options)).run(echo))
    }

    pub(super) async fn handle(&self, ctx: &mut HttpContext) -> Result {
        self.0.handle(ctx).await
    }
}

impl Default for Route {
    fn default() -> Self {
        Self::new(None)
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").finish_non_exhaustive()
    }
}

/// Sends every message back; 426 if the request is no handshake.
async fn echo(ctx: &mut HttpContext) -> Result {
    let web_sockets = ctx.web_sockets();
    if !web_sockets.is_web_socket_request() {
        return web_sockets.require_upgrade().await;
    }
    let mut context = WebSocketAcceptContext::default();
    if web_sockets.requested_protocols().iter().any(|name| name == "echo") {
        context.set_sub_protocol(Some("echo"))?;
    }
    let mut socket = web_sockets.accept(context).await?;
    while let Some(message) = socket.receive().await? {
        socket.send(message).await?;
    }
    Ok(())
}
