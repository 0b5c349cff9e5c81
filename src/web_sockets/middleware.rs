//! [`WebSockets`]: the middleware.

use std::sync::Arc;

use falconry_features::{BoxFuture, HttpExtendedConnectFeature, HttpUpgradeFeature, HttpWebSocketFeature};
use http::{HeaderMap, StatusCode, header};

use super::{WebSocketOptions, feature::WebSocketFeature, handshake::Handshake};
use crate::{HttpContext, Middleware, Next, Result};

/// Reads WebSocket handshakes, so that what comes after it can accept them
/// ([`HttpContext::web_sockets`]).
///
/// It acts where the server can upgrade or has extended CONNECT, and leaves WebSockets alone that the
/// server or another middleware offers. A handshake from an origin that is not allowed is answered 403.
///
/// Messages are not compressed: an offer of permessage-deflate (RFC 7692) is declined, whatever
/// [`WebSocketAcceptContext::dangerous_enable_compression`](falconry_features::WebSocketAcceptContext)
/// says. A message is handed on whole, and a close frame of the client is answered at once with its code.
#[derive(Debug)]
pub struct WebSockets {
    options: Arc<WebSocketOptions>,
    /// Lower-cased; `None` if every origin may.
    allowed_origins: Option<Vec<String>>,
}

impl WebSockets {
    /// The middleware with these options.
    pub fn new(options: WebSocketOptions) -> Self {
        let origins = &options.allowed_origins;
        let is_restricted = !origins.is_empty() && origins.iter().all(|origin| origin != "*");
        let allowed_origins =
            is_restricted.then(|| origins.iter().map(|origin| origin.to_ascii_lowercase()).collect());
        Self { options: Arc::new(options), allowed_origins }
    }

    /// True if the page that sent the handshake may have a WebSocket. Only browsers say where a page
    /// comes from.
    fn is_allowed(&self, headers: &HeaderMap) -> bool {
        let Some(allowed) = &self.allowed_origins else { return true };
        let mut origins = headers.get_all(header::ORIGIN).into_iter().filter(|origin| !origin.is_empty());
        origins.all(|origin| allowed.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()))
    }
}

impl Default for WebSockets {
    fn default() -> Self {
        Self::new(WebSocketOptions::default())
    }
}

impl Middleware for WebSockets {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, Result> {
        let features = ctx.features();
        let can_leave_http = features.contains::<dyn HttpUpgradeFeature>()
            || features.contains::<dyn HttpExtendedConnectFeature>();
        if !can_leave_http || features.contains::<dyn HttpWebSocketFeature>() {
            return Box::pin(next.run(ctx));
        }
        let handshake = Handshake::read(features);
        let is_refused = handshake.is_some() && !self.is_allowed(ctx.request().headers());
        if is_refused {
            return Box::pin(async move { ctx.response_mut().set_status(StatusCode::FORBIDDEN) });
        }
        let feature = WebSocketFeature::new(handshake, Arc::clone(&self.options));
        ctx.features_mut().set::<dyn HttpWebSocketFeature>(Box::new(feature));
        Box::pin(async move {
            let result = next.run(ctx).await;
            // It belongs to this request; the collection may serve the next one.
            ctx.features_mut().take::<dyn HttpWebSocketFeature>();
            result
        })
    }
}
