//! Kestrel: the cross-platform HTTP server of falconry.
//!
//! [`KestrelServer`] is made from [`KestrelServerOptions`]: endpoints, limits, and https ([`HttpsOptions`]).
//!
//! # Cargo features
//!
//! | feature | adds | default |
//! |---|---|---|
//! | `tls` | https; its cryptography comes from one of the next two, or from the application ([`TlsProvider`]) | yes |
//! | `aws-lc-rs` | aws-lc-rs as that: the default, with post-quantum key exchange | yes |
//! | `ring` | ring as that: the default where `aws-lc-rs` is not there | no |
//! | `pkcs12` | certificates from PKCS#12 files, and keys that are encrypted | yes |
//! | `metrics` | [`MetricsObserver`], which records with the `metrics` facade | no |
//! | `opentelemetry` | [`OpenTelemetryObserver`], which records with OpenTelemetry | no |
//! | `http3` | HTTP/3 for endpoints that ask for it; turns `aws-lc-rs` on | no |
//! | `unstable` | with `http3`: WebTransport, a draft that may change with every release | no |
//! | `dev-certs` | the program `dev-certs`, which makes the certificate for work on one's own machine | yes |

mod addresses;
mod configuration;
mod connection;
mod date;
mod events;
mod exchange;
mod http1;
mod http2;
#[cfg(feature = "http3")]
mod http3;
mod huffman;
mod listener;
mod metrics;
mod middleware;
#[cfg(test)]
mod mutations;
mod options;
mod proxy;
mod server;
#[cfg(feature = "tls")]
mod tls;
mod transport;

#[cfg(feature = "tls")]
pub use self::tls::*;
pub use self::{
    addresses::*,
    configuration::KestrelConfiguration,
    metrics::*,
    middleware::{ConnectionContext, ConnectionMiddleware, ConnectionNext},
    options::*,
    proxy::ProxyProtocolOptions,
    server::KestrelServer,
    transport::Transport as ConnectionTransport,
};
