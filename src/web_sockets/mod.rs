//! WebSockets over any server that can upgrade a connection (HTTP/1.1) or accept an extended CONNECT
//! (HTTP/2 and HTTP/3): RFC 6455, RFC 8441, RFC 9220.
//!
//! [`WebSockets`] stands in front and reads handshakes; the handler accepts:
//!
//! ```
//! use falconry::{HttpContext, Message, Pipeline, Result, WebSocketOptions, WebSockets};
//!
//! async fn echo(ctx: &mut HttpContext) -> Result<()> {
//!     let mut web_sockets = ctx.web_sockets();
//!     if !web_sockets.is_web_socket_request() {
//!         return web_sockets.require_upgrade().await;
//!     }
//!     let mut socket = web_sockets.accept(Default::default()).await?;
//!     while let Some(message) = socket.receive().await? {
//!         socket.send(message).await?;
//!     }
//!     Ok(())
//! }
//!
//! let app = Pipeline::new().use_(WebSockets::new(WebSocketOptions::default())).run(echo);
//! ```

mod connection;
mod ending;
mod feature;
mod handshake;
mod keep_alive;
mod manager;
mod middleware;
mod options;
mod socket;
mod wire;

pub use self::{
    manager::WebSocketManager,
    middleware::WebSockets,
    options::WebSocketOptions,
    socket::{Message, WebSocket},
};
