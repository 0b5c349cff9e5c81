//! What operators count: connections, handshakes, upgrades.
//!
//! The server tells a [`KestrelObserver`]; adapters turn that into the instruments of the reference, for the `metrics`
//! facade and for OpenTelemetry. Without an observer a connection pays for one empty cell.

#[cfg(feature = "metrics")]
mod facade;
#[cfg(any(feature = "metrics", feature = "opentelemetry"))]
mod instruments;
mod observed;
mod observer;
#[cfg(feature = "opentelemetry")]
mod open_telemetry;
mod tags;
#[cfg(all(test, any(feature = "metrics", feature = "opentelemetry")))]
mod tests;

#[cfg(feature = "metrics")]
pub use self::facade::MetricsObserver;
#[cfg(feature = "http3")]
pub(crate) use self::observed::Handshake;
#[cfg(feature = "opentelemetry")]
pub use self::open_telemetry::OpenTelemetryObserver;
pub(crate) use self::{observed::Observed, tags::error_type};
pub use self::{
    observer::KestrelObserver,
    tags::{ConnectionEnd, ConnectionTags, HandshakeEnd},
};
