//! Services of the tower family as handlers: axum, tonic and whatever else is a
//! [`tower_service::Service`] of `http` requests.
//!
//! ```no_run
//! # async fn run(router: axum::Router) -> Result<(), falconry::HostError> {
//! use falconry::{WebHost, tower::ServiceHandler};
//!
//! WebHost::run(ServiceHandler::new(router)).await
//! # }
//! ```

mod request;
mod response;
mod target;

use std::{error::Error as StdError, fmt, future::poll_fn};

use falconry_features::{BoxError, BoxFuture, RequestBody};
use http_body::Body;
use tower_service::Service;

pub use self::request::RequestInfo;
use crate::{Handler, HttpContext, Result};

/// Runs a tower service as a [`Handler`].
///
/// * The service gets the request with its body as a [`RequestBody`], which streams and ends with the
///   request's trailers; its target is path and query after the path base.
/// * Its answer streams back, trailers included, as fast as the client takes it. What stands still is
///   flushed; a `Content-Length` is added if the body knows its length.
/// * [`RequestInfo`] is among the request's extensions: connection, user, and what fires if the client
///   leaves. The future of the service is dropped then, as by every server of the family.
/// * An error of the service is the handler's error, and so answered with 500.
///
/// One service is cloned per request, as tower's own servers do. It cannot upgrade a connection: that
/// takes a handler of falconry in front, for instance in a branch of the
/// [`Pipeline`](crate::Pipeline).
#[derive(Clone)]
pub struct ServiceHandler<S> {
    service: S,
}

impl<S> ServiceHandler<S> {
    /// A handler that is this service.
    pub const fn new(service: S) -> Self {
        Self { service }
    }
}

impl<S, B> Handler for ServiceHandler<S>
where
    S: Service<http::Request<RequestBody>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError> + Send,
{
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        let mut service = self.service.clone();
        Box::pin(async move {
            poll_fn(|cx| service.poll_ready(cx)).await.map_err(Into::into)?;
            let request = request::take(ctx)?;
            let response = service.call(request).await.map_err(Into::into)?;
            response::send(ctx, response).await
        })
    }
}

impl<S> fmt::Debug for ServiceHandler<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceHandler").finish_non_exhaustive()
    }
}

/// The service answered with something that cannot be passed on.
#[derive(Debug)]
struct Unsupported(&'static str);

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl StdError for Unsupported {}
