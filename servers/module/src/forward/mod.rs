//! Forwarding: one request of a front server to a backend over HTTP/1.1, and its answer back.
//!
//! The head is made anew (`request`, `client`, `fields`), the bodies are streamed (`body`, `exchange`), an upgrade ends
//! in a `tunnel`. `backend` keeps the idle connections. What the client sees when there is no answer is in [`pages`].

mod backend;
mod body;
mod client;
mod connection;
mod error;
mod exchange;
mod fields;
mod interim;
mod options;
pub mod pages;
mod request;
mod response;
mod shutdown;
mod socket;
mod target;
mod trailers;
mod tunnel;

use falconry_features::{
    FeatureCollection, HttpMaxRequestBodySizeFeature, HttpRequestFeature, HttpRequestLifetimeFeature,
    HttpResponseFeature,
};
use http::StatusCode;

use self::{
    backend::Need,
    body::{BodyRules, BodyWatch},
    exchange::Exchange,
    request::{Framing, Plan, front},
};
pub use self::{
    backend::{Backend, BackendAddress},
    error::{ForwardError, ForwardErrorKind},
    options::{ForwardOptions, WindowsTokens},
    shutdown::request_shutdown,
};

/// How a forwarded request went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forwarded {
    /// The status that the client got.
    pub status: StatusCode,
    /// The bytes of the response's body, or after an upgrade those that went to the client.
    pub response_bytes: u64,
    /// True if the connection left HTTP; it has ended.
    pub is_upgraded: bool,
}

/// Forwards one request and streams the answer; after an upgrade, until both sides have ended.
///
/// A connection that the backend had closed does not cost a request that may be repeated: it is sent again over a new
/// one. The end of the response is left to the front server.
///
/// # Errors
/// See [`ForwardError`]. Unless it [has started](ForwardError::has_started) the client has not been answered.
pub async fn forward(
    features: &mut FeatureCollection,
    backend: &Backend,
    options: &ForwardOptions,
) -> Result<Forwarded, ForwardError> {
    let plan = Plan::new(features)?;
    let body = take_body(features, &plan, options)?;
    let forwarded = try_twice(features, backend, options, &plan, body.as_ref()).await;
    if let Some(body) = body {
        // The front server reads what is left, or closes.
        body.settle();
        if let Some(request) = features.get_mut::<dyn HttpRequestFeature>() {
            request.set_body(body.take_rest());
        }
    }
    let Err(error) = forwarded else { return forwarded };
    let has_started = features.get::<dyn HttpResponseFeature>().is_none_or(HttpResponseFeature::has_started);
    if !has_started {
        return Err(error);
    }
    if let Some(lifetime) = features.get::<dyn HttpRequestLifetimeFeature>() {
        lifetime.abort();
    }
    Err(error.started())
}

async fn try_twice(
    features: &mut FeatureCollection,
    backend: &Backend,
    options: &ForwardOptions,
    plan: &Plan,
    body: Option<&BodyWatch>,
) -> Result<Forwarded, ForwardError> {
    let need = if body.is_none() && plan.is_idempotent { Need::Any } else { Need::Sure };
    let connection = backend.connection(need, options.request_timeout).await?;
    let is_reused = connection.is_reused;
    let outcome = Exchange::new(features, options, plan, body, connection).run(backend).await;
    match outcome {
        Err(error) if is_reused && error.is_repeatable() => {
            let connection = backend.connection(Need::New, options.request_timeout).await?;
            Exchange::new(features, options, plan, body, connection).run(backend).await
        }
        outcome => outcome,
    }
}

/// The body of the request, if it has one; the module's limit takes the place of the server's.
fn take_body(
    features: &mut FeatureCollection,
    plan: &Plan,
    options: &ForwardOptions,
) -> Result<Option<BodyWatch>, ForwardError> {
    if !plan.has_body() {
        return Ok(None);
    }
    if let (Some(limit), Some(length)) = (options.max_request_body_size, plan.length)
        && length > limit
    {
        let message = format!("the request's body of {length} bytes is over the limit of {limit} bytes");
        return Err(ForwardError::new(ForwardErrorKind::RequestTooLarge, message));
    }
    if let Some(feature) = features.get_mut::<dyn HttpMaxRequestBodySizeFeature>()
        && !feature.is_read_only()
    {
        // The module counts by itself. Reading has not begun, so that this cannot fail.
        let _ = feature.set_max_request_body_size(None);
    }
    let request = features.required_mut::<dyn HttpRequestFeature>().map_err(front)?;
    let body = request.take_body();
    let rules = BodyRules {
        length: plan.length,
        is_chunked: plan.framing == Framing::Chunked,
        limit: options.max_request_body_size,
        is_held: plan.expects_continue,
        nominated: plan.nominated.clone(),
    };
    Ok(Some(BodyWatch::new(body, rules)))
}
