//! The features of a request on Kestrel: thin views over the shared state of its exchange.

mod body;
mod connection;
mod persistent;
mod request;
mod response_body;
mod stream;
mod upgrade;
mod view;

use std::{
    any::Any,
    sync::{Arc, atomic::Ordering},
};

use bytes::Bytes;
use falconry_features::{
    FeatureCollection, HttpApplication, HttpConnectionFeature, HttpInformationalResponseFeature,
    HttpMaxRequestBodySizeFeature, HttpMinRequestBodyDataRateFeature, HttpMinResponseDataRateFeature,
    HttpRequestBodyDetectionFeature, HttpRequestFeature, HttpRequestIdentifierFeature,
    HttpRequestLifetimeFeature, HttpRequestTrailersFeature, HttpResponseBodyFeature, HttpResponseFeature,
    HttpResponseTrailersFeature, HttpUpgradeFeature, PersistentStateFeature, PlainResponse,
    PlainResponseTrailers, RequestBody, ResponseHead,
};

pub(crate) use self::body::KestrelRequestBody;
#[cfg(feature = "http3")]
pub(crate) use self::stream::ExtendedConnect;
use http::{HeaderMap, header::TE};

use self::{
    connection::KestrelConnection, persistent::KestrelPersistentState, request::KestrelRequest,
    response_body::KestrelResponseBody, view::View,
};
use super::{Exchange, ExchangeShared};
use crate::http1::{Head, Rejection};

/// The features of an exchange that no request has used yet, as the application has prepared them.
pub(super) fn prepared(shared: &Arc<ExchangeShared>, application: &dyn HttpApplication) -> FeatureCollection {
    let mut features = collection(shared);
    application.prepare(&mut features);
    features
}

fn collection(shared: &Arc<ExchangeShared>) -> FeatureCollection {
    let mut features = common(shared);
    if shared.stream.is_some() {
        stream::add(&mut features, shared);
        return features;
    }
    let view = View(Arc::clone(shared));
    features.set::<dyn HttpMinRequestBodyDataRateFeature>(Box::new(view.clone()));
    features.set::<dyn HttpMinResponseDataRateFeature>(Box::new(view.clone()));
    features.set::<dyn HttpUpgradeFeature>(Box::new(view.clone()));
    features.set::<dyn HttpInformationalResponseFeature>(Box::new(view));
    features
}

/// What every protocol has.
fn common(shared: &Arc<ExchangeShared>) -> FeatureCollection {
    let mut features = FeatureCollection::with_capacity(if shared.stream.is_some() { 18 } else { 14 });
    features.set_defaults(Some(Arc::clone(shared.connection.features())));
    let view = View(Arc::clone(shared));
    // In the order in which they are asked for most.
    features.set::<dyn HttpResponseFeature>(Box::new(PlainResponse::default()));
    features.set::<dyn HttpResponseBodyFeature>(Box::new(KestrelResponseBody::new(Arc::clone(shared))));
    features.set::<dyn HttpRequestFeature>(Box::new(KestrelRequest::default()));
    features.set::<dyn HttpRequestLifetimeFeature>(Box::new(view.clone()));
    features.set::<dyn HttpConnectionFeature>(Box::new(KestrelConnection::new(Arc::clone(shared))));
    features.set::<dyn HttpRequestIdentifierFeature>(Box::new(view.clone()));
    features.set::<dyn HttpRequestBodyDetectionFeature>(Box::new(view.clone()));
    features.set::<dyn HttpMaxRequestBodySizeFeature>(Box::new(view.clone()));
    features.set::<dyn HttpRequestTrailersFeature>(Box::new(view));
    let state = KestrelPersistentState::new(Arc::clone(&shared.connection));
    features.set::<dyn PersistentStateFeature>(Box::new(state));
    features
}

/// The server's own object behind a feature trait; `None` if something else stands in its place.
macro_rules! own_mut {
    ($features:expr, dyn $feature:ident as $own:ty) => {
        $features
            .get_mut::<dyn $feature>()
            .and_then(|feature| (feature as &mut dyn Any).downcast_mut::<$own>())
    };
}

/// Fills a cleared exchange's request with the head that starts `input`.
pub(super) fn fill_head(exchange: &mut Exchange, head: &Head, input: &[u8]) -> Result<(), Rejection> {
    let scheme = exchange.shared.connection.scheme;
    let features = &mut exchange.features;
    let Some(request) = own_mut!(features, dyn HttpRequestFeature as KestrelRequest) else {
        // A cleared exchange has its own request; without one there is nothing to serve.
        return Err(Rejection::InvalidRequestLine);
    };
    request.fill_head(head, input, scheme)?;
    // What not every client can take is there only for those that can. This changes the collection, which is
    // then made anew for the next request: few clients ask for trailers or speak HTTP/1.0.
    let takes_trailers = head.has_te && takes_trailers(request.headers());
    let method = request.method().clone();
    if let Some(response) = own_mut!(features, dyn HttpResponseBodyFeature as KestrelResponseBody) {
        response.begin(&method);
    }
    if head.is_http10() {
        features.take::<dyn HttpInformationalResponseFeature>();
    } else if takes_trailers {
        features.set::<dyn HttpResponseTrailersFeature>(Box::new(PlainResponseTrailers::default()));
    }
    Ok(())
}

/// Gives the request its body.
pub(super) fn set_request_body(features: &mut FeatureCollection, body: RequestBody) {
    if let Some(request) = own_mut!(features, dyn HttpRequestFeature as KestrelRequest) {
        request.set_body(body);
    }
}

/// Fills a cleared exchange's request with that of a stream.
fn fill_request(
    exchange: &mut Exchange,
    parts: http::request::Parts,
    body: RequestBody,
) -> Result<(), Rejection> {
    let scheme = exchange.shared.connection.scheme;
    if let Some(response) = own_mut!(exchange.features, dyn HttpResponseBodyFeature as KestrelResponseBody) {
        response.begin(&parts.method);
    }
    match own_mut!(exchange.features, dyn HttpRequestFeature as KestrelRequest) {
        Some(request) => request.fill(parts, body, scheme),
        None => Err(Rejection::InvalidRequestLine),
    }
}

/// As [`fill_head`], for a stream of HTTP/2 or HTTP/3.
pub(super) fn fill_stream(
    exchange: &mut Exchange,
    parts: http::request::Parts,
    body: RequestBody,
    scheme: Option<String>,
    protocol: Option<h2::ext::Protocol>,
) -> Result<(), Rejection> {
    fill_request(exchange, parts, body)?;
    if let Some(scheme) = scheme
        && let Some(request) = exchange.features.get_mut::<dyn HttpRequestFeature>()
    {
        request.set_scheme(&scheme);
    }
    stream::begin(&mut exchange.features, protocol);
    Ok(())
}

/// RFC 9110 section 10.1.4.
fn takes_trailers(headers: &HeaderMap) -> bool {
    headers.get_all(TE).iter().any(|value| {
        let value = value.to_str().unwrap_or_default();
        value.split(',').any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
    })
}

/// Takes the head of the response out of its feature, without a copy where nobody else holds it.
pub(super) fn take_head(features: &mut FeatureCollection) -> Option<ResponseHead> {
    own_mut!(features, dyn HttpResponseFeature as PlainResponse).map(PlainResponse::recycle)
}

/// Makes the features fit for the next request: nothing of the last one is left, and what
/// middleware has put in the place of the server's own is gone.
pub(super) fn clear(exchange: &mut Exchange) {
    if exchange.features.revision() == exchange.revision && clear_own(exchange).is_some() {
        return;
    }
    let mut features = collection(&exchange.shared);
    if let Some(context) = exchange.features.take_host_context() {
        features.set_host_context(context);
    }
    if let Some(context) = exchange.features.take_server_context() {
        features.set_server_context(context);
    }
    exchange.application.prepare(&mut features);
    exchange.revision = features.revision();
    exchange.features = features;
}

/// Ends the usual response, whose body has been written and whose end needs nothing but saying so:
/// gives the only piece of its body. `None` and no change if it is not the usual one. Only for features that
/// nothing has been set in, on HTTP/1: there are no trailers.
pub(super) fn end_whole(features: &mut FeatureCollection) -> Option<Option<Bytes>> {
    let response = own_mut!(features, dyn HttpResponseFeature as PlainResponse)?;
    if !response.has_started() || response.callbacks_mut().has_completed() {
        return None;
    }
    own_mut!(features, dyn HttpResponseBodyFeature as KestrelResponseBody)?.complete_whole()
}

/// True if the response has trailers, or something that only its feature knows.
pub(super) fn has_trailers(features: &FeatureCollection) -> bool {
    let trailers = features.get::<dyn HttpResponseTrailersFeature>();
    trailers.is_none_or(|feature| !feature.trailers().is_empty())
}

/// Clears the server's own objects and gives the head of the response; `None` if one of them is missing.
pub(super) fn clear_own(exchange: &mut Exchange) -> Option<ResponseHead> {
    let storage = own_mut!(exchange.features, dyn HttpRequestFeature as KestrelRequest)?.take_headers();
    let response = own_mut!(exchange.features, dyn HttpResponseFeature as PlainResponse)?;
    let head = response.recycle_with(storage);
    clear_others(exchange)?;
    Some(head)
}

/// As [`clear_own`], for a response that has been sent.
pub(super) fn clear_in_place(exchange: &mut Exchange) -> Option<()> {
    let response = own_mut!(exchange.features, dyn HttpResponseFeature as PlainResponse)?;
    response.clear();
    response.callbacks_mut().clear();
    clear_others(exchange)
}

/// Clears everything but the response.
fn clear_others(exchange: &mut Exchange) -> Option<()> {
    let features = &mut exchange.features;
    own_mut!(features, dyn HttpRequestFeature as KestrelRequest)?.clear();
    let has_changed_connection = &exchange.shared.has_changed_connection;
    if has_changed_connection.load(Ordering::Relaxed) {
        has_changed_connection.store(false, Ordering::Relaxed);
        own_mut!(features, dyn HttpConnectionFeature as KestrelConnection)?.clear();
    }
    if exchange.shared.stream.is_some() {
        stream::clear(features)?;
    }
    Some(())
}
