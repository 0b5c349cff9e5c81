//! What operators count of requests, whatever server brings them.
//!
//! The host tells a [`RequestObserver`]; adapters turn that into the instruments of ASP.NET Core and of OpenTelemetry's
//! conventions, for the `metrics` facade and for OpenTelemetry. Without an observer a request pays for one comparison.

#[cfg(feature = "metrics")]
mod facade;
#[cfg(any(feature = "metrics", feature = "opentelemetry"))]
mod instruments;
mod observer;
#[cfg(feature = "opentelemetry")]
mod open_telemetry;
mod watched;

#[cfg(feature = "metrics")]
pub use self::facade::MetricsRequestObserver;
pub use self::observer::{RequestEnd, RequestObserver, RequestTags};
#[cfg(feature = "opentelemetry")]
pub use self::open_telemetry::OpenTelemetryRequestObserver;
pub(super) use self::watched::{Observers, Watched};
