//! One app, any HTTP server.

mod context;
mod error;
mod handler;
mod hosting;
mod pipeline;
#[cfg(feature = "tower")]
pub mod tower;

pub use falconry_features as features;
pub use falconry_features::{BadHttpRequestError, FeatureCollection, Server, ServerError};

pub use self::{
    context::{HttpContext, Request, RequestMut, Response, ResponseMut},
    error::{Error, Result},
    handler::{Handler, HandlerFn},
    hosting::{
        ApplicationLifetime, Configuration, ConfigurationError, HostError, HostingApplication, WebHost,
        WebHostBuilder,
    },
    pipeline::{Middleware, MiddlewareFn, Next, Pipeline},
};
