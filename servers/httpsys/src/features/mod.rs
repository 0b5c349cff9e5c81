//! The features of a request: thin views over the shared state of its exchange.

mod body;
mod connection;
mod delegation;
mod native;
mod request;
mod response_body;
mod send_file;
mod tls;
mod trailers;
mod upgrade;
mod view;

use std::{any::Any, sync::Arc};

use falconry_features::{
    ConnectionLifetimeNotificationFeature, FeatureCollection, HttpAuthenticationFeature,
    HttpConnectionFeature, HttpMaxRequestBodySizeFeature, HttpRequestBodyDetectionFeature,
    HttpRequestFeature, HttpRequestIdentifierFeature, HttpRequestLifetimeFeature, HttpResetFeature,
    HttpResponseBodyFeature, HttpResponseFeature, HttpResponseTrailersFeature, HttpSendFileFeature,
    HttpSysRequestDelegationFeature, HttpSysRequestInfoFeature, HttpSysRequestPropertyFeature,
    HttpSysRequestTimingFeature, HttpUpgradeFeature, PlainAuthentication, PlainRequest, PlainResponse,
    PlainTlsHandshake, RequestBody, ResponseHead, TlsConnectionFeature, TlsHandshakeFeature,
};
use http::{HeaderMap, StatusCode, Version, header::CONTENT_LENGTH};

use self::{
    body::HttpSysRequestBody, native::NativeTiming, response_body::HttpSysResponseBody,
    send_file::HttpSysSendFile, tls::HttpSysTls, trailers::CheckedTrailers, view::View,
};
pub(crate) use self::{
    connection::HttpSysConnection, delegation::ServerDelegation, native::NativeInfo, tls::fill_handshake,
};
use crate::{
    driver::{Driver, DriverFeature, DriverRequest, ReceivedRequest},
    exchange::{Exchange, ExchangeShared, RequestBodyState},
    request::ConnectionOptions,
};

/// The server's own object behind a feature trait; `None` if something else stands in its place.
macro_rules! own_mut {
    ($features:expr, dyn $feature:ident as $own:ty) => {
        $features
            .get_mut::<dyn $feature>()
            .and_then(|feature| (feature as &mut dyn std::any::Any).downcast_mut::<$own>())
    };
}
pub(crate) use own_mut;

/// A request's target that cannot be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Malformed;

/// Which features a request has: each kind has collections of its own, to be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    is_https: bool,
    /// HTTP/2 and later, with what the driver can do there.
    is_stream: bool,
}

impl Kind {
    /// How many there are.
    pub(crate) const COUNT: usize = 4;

    pub(crate) fn of(request: &DriverRequest, _driver: &dyn Driver) -> Self {
        Self { is_https: request.tls.is_some(), is_stream: request.version >= Version::HTTP_2 }
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.is_https) | usize::from(self.is_stream) << 1
    }
}

/// The features of an exchange that no request has used yet.
pub(crate) fn collection(
    kind: Kind,
    shared: &Arc<ExchangeShared>,
    server: &Arc<FeatureCollection>,
) -> FeatureCollection {
    let mut features = FeatureCollection::with_capacity(18);
    features.set_defaults(Some(Arc::clone(server)));
    let view = View(Arc::clone(shared));
    // In the order in which they are asked for most.
    features.set::<dyn HttpResponseFeature>(Box::new(PlainResponse::default()));
    features.set::<dyn HttpResponseBodyFeature>(Box::new(HttpSysResponseBody::new(Arc::clone(shared))));
    features.set::<dyn HttpRequestFeature>(Box::new(PlainRequest::default()));
    features.set::<dyn HttpRequestLifetimeFeature>(Box::new(view.clone()));
    features.set::<dyn HttpConnectionFeature>(Box::new(HttpSysConnection::default()));
    features.set::<dyn HttpRequestIdentifierFeature>(Box::new(view.clone()));
    features.set::<dyn HttpRequestBodyDetectionFeature>(Box::new(view.clone()));
    features.set::<dyn HttpMaxRequestBodySizeFeature>(Box::new(view.clone()));
    features.set::<dyn HttpAuthenticationFeature>(Box::new(PlainAuthentication::default()));
    features.set::<dyn ConnectionLifetimeNotificationFeature>(Box::new(view.clone()));
    features.set::<dyn HttpSysRequestInfoFeature>(Box::new(NativeInfo::default()));
    features.set::<dyn HttpSysRequestTimingFeature>(Box::new(NativeTiming::default()));
    features.set::<dyn HttpSendFileFeature>(Box::new(HttpSysSendFile::new(Arc::clone(shared))));
    if shared.supports(DriverFeature::Upgrade) {
        features.set::<dyn HttpUpgradeFeature>(Box::new(view.clone()));
    }
    if shared.supports(DriverFeature::DelegateEx) {
        features.set::<dyn HttpSysRequestDelegationFeature>(Box::new(view.clone()));
    }
    if kind.is_stream && shared.supports(DriverFeature::ResponseTrailers) {
        features.set::<dyn HttpResponseTrailersFeature>(Box::new(CheckedTrailers::default()));
    }
    if kind.is_stream && shared.supports(DriverFeature::Reset) {
        features.set::<dyn HttpResetFeature>(Box::new(view.clone()));
    }
    if kind.is_https {
        features.set::<dyn TlsConnectionFeature>(Box::new(HttpSysTls::new(Arc::clone(shared))));
        features.set::<dyn TlsHandshakeFeature>(Box::new(PlainTlsHandshake::default()));
        if shared.supports(DriverFeature::CacheTlsClientHello) {
            features.set::<dyn HttpSysRequestPropertyFeature>(Box::new(view));
        }
    }
    features
}

/// Fills a cleared exchange.
pub(crate) fn fill(
    exchange: &mut Exchange,
    received: ReceivedRequest,
    path_base: Option<&str>,
) -> Result<(), Malformed> {
    let ReceivedRequest { mut request, handle } = received;
    let shared = &exchange.shared;
    let features = &mut exchange.features;
    let declared = match request.has_body {
        true => request.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok()),
        false => None,
    };
    let automatic = request.user.take();
    {
        let mut state = shared.lock();
        state.handle = Some(handle);
        state.version = request.version;
        let connection = ConnectionOptions::of(&request.headers);
        state.client_keeps = connection.keeps(request.version);
        state.is_upgrade_request = connection.upgrade;
        state.request_id = request.request_id;
        state.tls = request.tls.take();
        state.user = automatic.clone();
        state.body = RequestBodyState {
            can_have_body: request.has_body,
            max_size: shared.settings.max_request_body_size,
            declared,
            has_begun: false,
        };
        if let (Some(tls), Some(feature)) =
            (&state.tls, own_mut!(features, dyn TlsHandshakeFeature as PlainTlsHandshake))
        {
            fill_handshake(feature, tls);
        }
    }
    // What follows takes the place of what the last request has left there.
    if let Some(feature) = own_mut!(features, dyn HttpAuthenticationFeature as PlainAuthentication) {
        feature.user = automatic.filter(|_| shared.settings.automatic_authentication);
    }
    if let Some(info) = own_mut!(features, dyn HttpSysRequestInfoFeature as NativeInfo) {
        info.fill(std::mem::take(&mut request.info));
    }
    if let Some(timing) = own_mut!(features, dyn HttpSysRequestTimingFeature as NativeTiming) {
        timing.fill(request.timestamps, request.frequency);
    }
    if let Some(connection) = own_mut!(features, dyn HttpConnectionFeature as HttpSysConnection) {
        connection.fill(&request);
    }
    if let Some(body) = own_mut!(features, dyn HttpResponseBodyFeature as HttpSysResponseBody) {
        body.begin(&request.verb);
    }
    let body = match request.has_body {
        true => RequestBody::new(HttpSysRequestBody::new(Arc::clone(shared))),
        false => RequestBody::empty(),
    };
    let own = own_mut!(features, dyn HttpRequestFeature as PlainRequest).ok_or(Malformed)?;
    request::fill(own, &mut request, body, path_base)
}

/// Clears what the next request does not overwrite; `None` if something else stands in the place of a feature.
/// `has_given_head`: [`take_whole_head`] has cleared the response.
pub(crate) fn clear(features: &mut FeatureCollection, has_given_head: bool) -> Option<()> {
    request::clear(own_mut!(features, dyn HttpRequestFeature as PlainRequest)?);
    let response = own_mut!(features, dyn HttpResponseFeature as PlainResponse)?;
    // Whoever disposed of the context may still have touched it.
    if !(has_given_head && is_clear(response)) {
        response.recycle();
    }
    Some(())
}

fn is_clear(response: &mut PlainResponse) -> bool {
    let head = response.head();
    let is_head_clear = head.status == StatusCode::OK && head.reason.is_none() && head.headers.is_empty();
    let callbacks = response.callbacks_mut();
    is_head_clear && !callbacks.has_starting() && !callbacks.has_completed() && !response.has_started()
}

/// Takes the fields of a request that is over, and empties them.
pub(crate) fn take_storage(features: &mut FeatureCollection) -> HeaderMap {
    let request = own_mut!(features, dyn HttpRequestFeature as PlainRequest);
    let mut storage = request.map(|request| std::mem::take(request.headers_mut())).unwrap_or_default();
    storage.clear();
    storage
}

/// Clears what only some kinds of requests have.
pub(crate) fn clear_kind(features: &mut FeatureCollection, kind: Kind) -> Option<()> {
    if kind.is_stream
        && let Some(trailers) = features.get_mut::<dyn HttpResponseTrailersFeature>()
    {
        (trailers as &mut dyn Any).downcast_mut::<CheckedTrailers>()?.clear();
    }
    if kind.is_https {
        own_mut!(features, dyn TlsConnectionFeature as HttpSysTls)?.clear();
    }
    Some(())
}

/// Takes the head out of a response that has started and has nothing left to be told of: no callbacks, no trailers.
/// `None` and no change if it is not so.
pub(crate) fn take_whole_head(
    features: &mut FeatureCollection,
    shared: &ExchangeShared,
) -> Option<ResponseHead> {
    let has_trailers = features
        .get::<dyn HttpResponseTrailersFeature>()
        .is_some_and(|feature| !feature.trailers().is_empty());
    let response = own_mut!(features, dyn HttpResponseFeature as PlainResponse)?;
    if has_trailers || !response.has_started() || response.callbacks_mut().has_completed() {
        return None;
    }
    // With it goes the last other handle: nothing is copied.
    shared.release_head()?;
    Some(response.recycle())
}
