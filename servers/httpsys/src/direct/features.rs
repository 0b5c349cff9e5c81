//! From the features of a connection of Kestrel to those of HTTP.sys.

use std::sync::Arc;

use falconry_features::{
    ConnectionLifetimeNotificationFeature, FeatureCollection, HttpAuthenticationFeature,
    HttpConnectionFeature, HttpInformationalResponseFeature, HttpMaxRequestBodySizeFeature,
    HttpMinRequestBodyDataRateFeature, HttpMinResponseDataRateFeature, HttpRequestIdentifierFeature,
    HttpRequestTrailersFeature, HttpSendFileFeature, HttpSysRequestDelegationFeature,
    HttpSysRequestInfoFeature, HttpSysRequestTimingFeature, PlainAuthentication,
};

use super::{
    DirectShared,
    send_file::DirectSendFile,
    view::{BodyLimit, View},
};
use crate::{
    features::{HttpSysConnection, NativeInfo, NativeTiming},
    server::ServerShared,
};

/// Sets what HTTP.sys has otherwise than Kestrel, and takes out what it has not. Request, response, body, lifetime and
/// upgrade are as they are.
pub(super) fn set(features: &mut FeatureCollection, server: &ServerShared, shared: &Arc<DirectShared>) {
    features.set_defaults(Some(Arc::clone(&server.features)));
    features.take::<dyn HttpInformationalResponseFeature>();
    features.take::<dyn HttpMinRequestBodyDataRateFeature>();
    features.take::<dyn HttpMinResponseDataRateFeature>();
    features.take::<dyn HttpRequestTrailersFeature>();
    let view = View(Arc::clone(shared));
    features.set::<dyn HttpConnectionFeature>(Box::new(HttpSysConnection::default()));
    features.set::<dyn HttpRequestIdentifierFeature>(Box::new(view.clone()));
    if let Some(limit) = features.take::<dyn HttpMaxRequestBodySizeFeature>() {
        features.set::<dyn HttpMaxRequestBodySizeFeature>(Box::new(BodyLimit::new(view.clone(), limit)));
    }
    features.set::<dyn HttpAuthenticationFeature>(Box::new(PlainAuthentication::default()));
    features.set::<dyn ConnectionLifetimeNotificationFeature>(Box::new(view.clone()));
    features.set::<dyn HttpSysRequestInfoFeature>(Box::new(NativeInfo::default()));
    features.set::<dyn HttpSysRequestTimingFeature>(Box::new(NativeTiming::default()));
    features.set::<dyn HttpSendFileFeature>(Box::new(DirectSendFile));
    features.set::<dyn HttpSysRequestDelegationFeature>(Box::new(view));
}
