//! What Kestrel lets be set: endpoints, limits, switches.
//!
//! Every option names its default, its unit and its effect. A value out of range is refused when it is set; what can
//! only be judged together is judged by [`KestrelServerOptions::validate`] at the start.

mod inherited;
mod limits;
mod listen;
mod protocols;
mod quic;
mod server;
#[cfg(test)]
mod tests;
mod transport;

pub(crate) use self::limits::merge;
pub use self::{
    limits::{Http2Limits, Http3Limits, KestrelServerLimits},
    listen::{ListenEndpoint, ListenHandle, ListenOptions},
    protocols::{HttpProtocols, ParseHttpProtocolsError},
    quic::QuicTransportOptions,
    server::KestrelServerOptions,
    transport::{NamedPipeTransportOptions, SocketTransportOptions},
};
