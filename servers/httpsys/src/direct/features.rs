//! From the features of a connection of Kestrel to those of HTTP.sys.

use std::sync::Arc;

use falconry_features::{
    ConnectionLifetimeNotificationFeature, FeatureCollection, HttpAuthenticationFeature,
    HttpConnectionFeature, HttpInformationalResponseFeature, HttpMaxRequestBodySizeFeature,
    HttpMinRequestBodyDataRateFeature, HttpMinResponseDataRateFeature, HttpRequestIdentifierFeature,
    HttpRequestTrailersFeature, HttpSendFileFeature, HttpSysRequestDelegationFeature,
    HttpSysRequestInfoFeature, HttpSysRequestTimingFeature, PersistentStateFeature,
};

use super::{
    ConnectionFacts, DirectShared,
    send_file::DirectSendFile,
    values::{DirectAuthentication, DirectConnection, DirectTiming},
    view::{BodyLimit, View},
};
use crate::{
    features::{NativeInfo, own_mut},
    server::ServerShared,
};

/// Sets what HTTP.sys has otherwise than Kestrel, and takes out what it has not. Request, response, body, lifetime and
/// upgrade are as they are.
pub(super) fn set(
    features: &mut FeatureCollection,
    server: &ServerShared,
    shared: &Arc<DirectShared>,
    connection: ConnectionFacts,
) {
    features.set_defaults(Some(Arc::clone(&server.features)));
    features.take::<dyn HttpInformationalResponseFeature>();
    features.take::<dyn HttpMinRequestBodyDataRateFeature>();
    features.take::<dyn HttpMinResponseDataRateFeature>();
    features.take::<dyn HttpRequestTrailersFeature>();
    features.take::<dyn PersistentStateFeature>();
    let view = View(Arc::clone(shared));
    features
        .set::<dyn HttpConnectionFeature>(Box::new(DirectConnection::new(Arc::clone(shared), connection)));
    features.set::<dyn HttpRequestIdentifierFeature>(Box::new(view.clone()));
    if let Some(limit) = features.take::<dyn HttpMaxRequestBodySizeFeature>() {
        features.set::<dyn HttpMaxRequestBodySizeFeature>(Box::new(BodyLimit::new(view.clone(), limit)));
    }
    features.set::<dyn HttpAuthenticationFeature>(Box::new(DirectAuthentication::new(Arc::clone(shared))));
    features.set::<dyn ConnectionLifetimeNotificationFeature>(Box::new(view.clone()));
    features.set::<dyn HttpSysRequestInfoFeature>(Box::new(NativeInfo::default()));
    features.set::<dyn HttpSysRequestTimingFeature>(Box::new(DirectTiming::new(
        Arc::clone(shared),
        connection.frequency,
    )));
    features.set::<dyn HttpSendFileFeature>(Box::new(DirectSendFile));
    features.set::<dyn HttpSysRequestDelegationFeature>(Box::new(view));
}

/// Clears what a request has changed. Where something else stands in the place of a feature, the collection is made anew.
pub(super) fn clear(features: &mut FeatureCollection) {
    if let Some(connection) = own_mut!(features, dyn HttpConnectionFeature as DirectConnection) {
        connection.clear();
    }
    if let Some(user) = own_mut!(features, dyn HttpAuthenticationFeature as DirectAuthentication) {
        user.clear();
    }
    if let Some(timing) = own_mut!(features, dyn HttpSysRequestTimingFeature as DirectTiming) {
        timing.clear();
    }
}
