//! What stands between a server and the application: configuration, choice of the server, addresses,
//! lifetime, start and stop.

mod addresses;
mod application;
mod builder;
mod configuration;
mod console;
mod error;
mod front;
mod host;
#[cfg(feature = "httpsys")]
mod httpsys;
mod in_flight;
#[cfg(feature = "kestrel")]
mod kestrel;
mod lifetime;
mod metrics;
#[cfg(all(unix, feature = "systemd"))]
mod readiness;
#[cfg(feature = "kestrel")]
mod reload;
mod servers;
mod shutdown;
mod signals;
mod sources;
mod worker;

#[cfg(feature = "metrics")]
pub use self::metrics::MetricsRequestObserver;
#[cfg(feature = "opentelemetry")]
pub use self::metrics::OpenTelemetryRequestObserver;
pub use self::{
    application::HostingApplication,
    builder::WebHostBuilder,
    configuration::{Configuration, ConfigurationError},
    error::HostError,
    host::WebHost,
    lifetime::ApplicationLifetime,
    metrics::{RequestEnd, RequestObserver, RequestTags},
};
