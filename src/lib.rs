//! One app, any HTTP server.
//!
//! An application is written once against [`HttpContext`]; which server runs it is a Cargo feature and
//! one line. [`WebHost`] chooses the server, gives it addresses, starts it and stops it in good order.
//!
//! ```no_run
//! use falconry::{HostError, HttpContext, Result, WebHost};
//!
//! async fn hello(ctx: &mut HttpContext) -> Result<()> {
//!     ctx.response_mut().write("Hello World!").await
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), HostError> {
//!     WebHost::run(hello).await
//! }
//! ```
//!
//! # What is where
//!
//! * [`HttpContext`], [`Handler`], [`with_state`]: one request, and what answers it.
//! * [`Pipeline`], [`Middleware`]: what stands around a handler; [`middleware`]: what behind proxies belongs there.
//! * [`WebHost`], [`WebHostBuilder`], [`Configuration`], [`ApplicationLifetime`]: the program around it all.
//! * [`RequestObserver`]: what operators count of requests.
//! * [`features`]: the contract with servers. [`HttpContext::features`] asks for what a server offers beyond the
//!   typed views; who writes a server needs nothing but this crate, `falconry-features`.
//! * `tower`: tower services as handlers.
//!
//! # Cargo features
//!
//! Each only adds; with several servers compiled in, [`WebHostBuilder`] says which one runs.
//!
//! | feature | adds | default |
//! |---|---|---|
//! | `httpsys` | the HTTP.sys server: httpapi.dll on Windows, a driver in user mode elsewhere | no |
//! | `kestrel` | the cross-platform server | yes |
//! | `http3` | HTTP/3 for endpoints of Kestrel that ask for it; turns `kestrel` on | no |
//! | `iis` | the server of a worker of IIS, `export_app!`; outside of one another server runs | no |
//! | `module` | the server of a worker of `falconry-module` (`hostingModel="inprocess"`), `export_app!`; outside of one another server runs | no |
//! | `nginx` | the server of a worker of nginx, `export_app!`; outside of one another server runs | no |
//! | `test-host` | the in-memory server, for tests | no |
//! | `web-sockets` | the WebSocket middleware, [`WebSockets`] | yes |
//! | `metrics` | `MetricsRequestObserver`: requests counted with the `metrics` facade | no |
//! | `opentelemetry` | `OpenTelemetryRequestObserver`: the same with OpenTelemetry | no |
//! | `systemd` | on unix, systemd hears when the host is ready, alive and stopping (`Type=notify`, `WatchdogSec=`) | no |
//! | `unstable` | with `http3`: WebTransport, a draft that may change with every release | no |
//! | `tower` | `tower::ServiceHandler`: axum, tonic and their family as applications | no |

mod context;
mod duplex_io;
mod error;
#[cfg(feature = "in-process")]
mod export;
mod handler;
mod hosting;
pub mod middleware;
mod pipeline;
mod state;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "web-sockets")]
mod web_sockets;

pub use falconry_features as features;
pub use falconry_features::{BadHttpRequestError, FeatureCollection, Server, ServerError};

#[cfg(feature = "iis")]
#[doc(hidden)]
pub use self::export::__export_to_iis;
#[cfg(feature = "module")]
#[doc(hidden)]
pub use self::export::__export_to_module;
#[cfg(all(feature = "nginx", unix, target_pointer_width = "64"))]
#[doc(hidden)]
pub use self::export::__export_to_nginx;
#[cfg(feature = "metrics")]
pub use self::hosting::MetricsRequestObserver;
#[cfg(feature = "opentelemetry")]
pub use self::hosting::OpenTelemetryRequestObserver;
#[cfg(feature = "web-sockets")]
pub use self::web_sockets::{Message, WebSocket, WebSocketManager, WebSocketOptions, WebSockets};
pub use self::{
    context::{HttpContext, Request, RequestMut, Response, ResponseMut},
    duplex_io::DuplexIo,
    error::{Error, Result},
    handler::{Handler, HandlerFn},
    hosting::{
        ApplicationLifetime, Configuration, ConfigurationError, HostError, HostingApplication, RequestEnd,
        RequestObserver, RequestTags, WebHost, WebHostBuilder,
    },
    pipeline::{Middleware, MiddlewareFn, Next, Pipeline},
    state::{StateFn, WithState, with_state},
};

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
