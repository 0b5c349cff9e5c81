//! The features of one request.

mod body;
mod informational;
mod lifetime;
mod request;
mod response_body;
mod upgrade;

use std::sync::Arc;

use falconry_features::{
    FeatureCollection, HttpConnectionFeature, HttpInformationalResponseFeature,
    HttpMaxRequestBodySizeFeature, HttpRequestBodyDetectionFeature, HttpRequestFeature,
    HttpRequestIdentifierFeature, HttpRequestLifetimeFeature, HttpRequestTrailersFeature, HttpResetFeature,
    HttpResponseBodyFeature, HttpResponseFeature, HttpResponseTrailersFeature, HttpUpgradeFeature,
    PlainConnection, PlainRequestIdentifier, PlainResponse, PlainResponseTrailers, RequestBody,
};
use http::{HeaderMap, Version, header::TE};

use self::{
    body::IncomingBody,
    informational::Informational,
    lifetime::{Lifetime, Reset},
    request::{Detection, MaxBodySize, RequestTrailers},
    response_body::ResponseBody,
    upgrade::Upgrade,
};
use crate::{BodyLength, NativeRequest, exchange::Exchange};

/// Fills the collection of one request, over that of the server unless the host brought another.
pub(crate) fn fill(
    native: NativeRequest,
    exchange: &Arc<Exchange>,
    server: &Arc<FeatureCollection>,
) -> FeatureCollection {
    let mut request = native.request;
    let has_body = !matches!(native.body, BodyLength::None | BodyLength::Known(0));
    request.body = if has_body {
        RequestBody::new(IncomingBody::new(native.body, Arc::clone(exchange)))
    } else {
        RequestBody::empty()
    };
    let (method, version) = (request.method.clone(), request.version);
    let takes_trailers = native.can_send_trailers && takes_trailers(version, &request.headers);

    let mut features = native.features;
    if features.defaults().is_none() {
        features.set_defaults(Some(Arc::clone(server)));
    }
    features.set::<dyn HttpRequestFeature>(Box::new(request));
    features.set::<dyn HttpResponseFeature>(Box::<PlainResponse>::default());
    features.set::<dyn HttpResponseBodyFeature>(Box::new(ResponseBody::new(method, version, exchange)));
    features.set::<dyn HttpRequestLifetimeFeature>(Box::new(Lifetime::new(Arc::clone(exchange))));
    features.set::<dyn HttpConnectionFeature>(Box::<PlainConnection>::new(native.connection));
    let mut identifier = PlainRequestIdentifier::default();
    if let Some(name) = &native.identifier {
        identifier.set_trace_identifier(name);
    }
    features.set::<dyn HttpRequestIdentifierFeature>(Box::new(identifier));
    features.set::<dyn HttpRequestBodyDetectionFeature>(Box::new(Detection(has_body && !native.can_upgrade)));
    features.set::<dyn HttpMaxRequestBodySizeFeature>(Box::new(MaxBodySize(Arc::clone(exchange))));
    if native.has_request_trailers {
        features.set::<dyn HttpRequestTrailersFeature>(Box::new(RequestTrailers::new(exchange, has_body)));
    }
    if takes_trailers {
        features.set::<dyn HttpResponseTrailersFeature>(Box::<PlainResponseTrailers>::default());
    }
    if native.can_inform && version >= Version::HTTP_11 {
        features.set::<dyn HttpInformationalResponseFeature>(Box::new(Informational(Arc::clone(exchange))));
    }
    if version == Version::HTTP_11 {
        let is_upgradable = native.can_upgrade && !has_body;
        features.set::<dyn HttpUpgradeFeature>(Box::new(Upgrade::new(is_upgradable, Arc::clone(exchange))));
    }
    if native.can_reset {
        features.set::<dyn HttpResetFeature>(Box::new(Reset(Arc::clone(exchange))));
    }
    features
}

/// True if the client takes trailers: on HTTP/1.1 it says so (RFC 9110 section 10.1.4).
fn takes_trailers(version: Version, headers: &HeaderMap) -> bool {
    version >= Version::HTTP_2
        || (version == Version::HTTP_11
            && headers
                .get_all(TE)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
                .any(|coding| coding.trim().eq_ignore_ascii_case("trailers")))
}
