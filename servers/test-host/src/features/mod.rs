//! The features of one request.

mod informational;
mod lifetime;
mod request;
mod response;
mod response_body;
mod upgrade;

use std::sync::Arc;

use falconry_features::{
    FeatureCollection, HttpConnectionFeature, HttpExtendedConnectFeature, HttpInformationalResponseFeature,
    HttpMaxRequestBodySizeFeature, HttpRequestBodyDetectionFeature, HttpRequestFeature,
    HttpRequestIdentifierFeature, HttpRequestLifetimeFeature, HttpRequestTrailersFeature, HttpResetFeature,
    HttpResponseBodyFeature, HttpResponseFeature, HttpResponseTrailersFeature, HttpUpgradeFeature,
    PlainConnection, PlainResponseTrailers, RequestBody,
};
use http::{HeaderMap, Version, header::TE};

use self::{
    informational::Informational,
    lifetime::{Lifetime, Reset},
    request::{Detection, Identifier, MaxBodySize, Trailers},
    response::Response,
    response_body::ResponseBody,
    upgrade::{ExtendedConnect, Takeover, Upgrade},
};
use crate::{
    exchange::Exchange,
    request::{BodyState, IncomingBody, Message, Outgoing},
    server::Shared,
};

/// What a request needs beyond its message.
pub(crate) struct Surroundings<'a> {
    pub(crate) server: &'a Shared,
    pub(crate) exchange: &'a Arc<Exchange>,
    /// Unless the request brings its own.
    pub(crate) connection_id: &'a str,
    /// The number of the request on its connection.
    pub(crate) request_number: u64,
}

/// Fills the collection of one request over that of the server.
pub(crate) fn fill(
    outgoing: &mut Outgoing,
    message: Message,
    around: &Surroundings<'_>,
) -> FeatureCollection {
    let options = &around.server.options;
    let exchange = around.exchange;
    let Message { mut request, body, content_length, can_have_body, is_upgradable, is_extended_connect } =
        message;
    let (version, method) = (request.version, request.method.clone());
    let trailers = outgoing.trailers.take();
    let body_state = Arc::new(BodyState::new(options.max_request_body_size, !can_have_body));
    if can_have_body {
        let state = Arc::clone(&body_state);
        let incoming = IncomingBody::new(body, trailers, content_length, state, Arc::clone(exchange));
        request.body = RequestBody::new(incoming);
    }
    let can_send_trailers = version >= Version::HTTP_2 || wants_trailers(version, &request.headers);
    let mut connection = outgoing.connection.take().unwrap_or_default();
    if connection.connection_id.is_empty() {
        around.connection_id.clone_into(&mut connection.connection_id);
    }
    let identifier = format!("{}:{:08X}", connection.connection_id, around.request_number);

    let mut features = FeatureCollection::with_capacity(16);
    features.set_defaults(Some(Arc::clone(&around.server.features)));
    features.set::<dyn HttpRequestFeature>(Box::new(request));
    features.set::<dyn HttpResponseFeature>(Box::new(Response::new(Arc::clone(exchange))));
    features.set::<dyn HttpResponseBodyFeature>(Box::new(ResponseBody::new(
        method,
        version,
        Arc::clone(exchange),
    )));
    features.set::<dyn HttpRequestLifetimeFeature>(Box::new(Lifetime::new(Arc::clone(exchange))));
    features.set::<dyn HttpConnectionFeature>(Box::<PlainConnection>::new(connection));
    features.set::<dyn HttpRequestIdentifierFeature>(Box::new(Identifier(identifier)));
    features.set::<dyn HttpRequestBodyDetectionFeature>(Box::new(Detection(can_have_body)));
    features.set::<dyn HttpRequestTrailersFeature>(Box::new(Trailers(Arc::clone(&body_state))));
    features.set::<dyn HttpMaxRequestBodySizeFeature>(Box::new(MaxBodySize::new(
        Arc::clone(&body_state),
        is_extended_connect,
    )));
    if can_send_trailers {
        features.set::<dyn HttpResponseTrailersFeature>(Box::<PlainResponseTrailers>::default());
    }
    if version >= Version::HTTP_11 {
        let feature = Informational::new(Arc::clone(exchange), outgoing.on_interim.take());
        features.set::<dyn HttpInformationalResponseFeature>(Box::new(feature));
    }
    let takeover = Takeover::new(Arc::clone(exchange), body_state, options.buffer_size);
    if version >= Version::HTTP_2 {
        features.set::<dyn HttpResetFeature>(Box::new(Reset(Arc::clone(exchange))));
        let protocol = outgoing.protocol.take().filter(|_| is_extended_connect);
        features.set::<dyn HttpExtendedConnectFeature>(Box::new(ExtendedConnect::new(protocol, takeover)));
    } else {
        features.set::<dyn HttpUpgradeFeature>(Box::new(Upgrade::new(is_upgradable, takeover)));
    }
    std::mem::take(&mut outgoing.configure).into_iter().for_each(|configure| configure(&mut features));
    features
}

/// True if a client of HTTP/1.1 takes trailers (RFC 9110 section 10.1.4).
fn wants_trailers(version: Version, headers: &HeaderMap) -> bool {
    version == Version::HTTP_11
        && headers
            .get_all(TE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
}
