//! From the features of a connection of Kestrel to those of HTTP.sys.

use std::{any::TypeId, sync::Arc};

use falconry_features::{
    ConnectionLifetimeNotificationFeature, Entry, FeatureCollection, HttpAuthenticationFeature,
    HttpConnectionFeature, HttpMaxRequestBodySizeFeature, HttpRequestBodyDetectionFeature,
    HttpRequestFeature, HttpRequestIdentifierFeature, HttpRequestLifetimeFeature, HttpResponseBodyFeature,
    HttpResponseFeature, HttpSendFileFeature, HttpSysRequestDelegationFeature, HttpSysRequestInfoFeature,
    HttpSysRequestTimingFeature, HttpUpgradeFeature, PlainTlsHandshake, TlsConnectionFeature,
    TlsHandshakeFeature,
};

use super::{
    ConnectionFacts, DirectShared,
    send_file::DirectSendFile,
    tls::DirectTls,
    values::{DirectAuthentication, DirectConnection, DirectTiming},
    view::{BodyLimit, View},
};
use crate::{
    features::{NativeInfo, fill_handshake, own_mut},
    server::ServerShared,
};

/// The features that requests share with the connection of Kestrel. All others are HTTP.sys's own, or absent.
fn is_shared(entry: &Entry) -> bool {
    let key = entry.key();
    key == TypeId::of::<dyn HttpResponseFeature>()
        || key == TypeId::of::<dyn HttpResponseBodyFeature>()
        || key == TypeId::of::<dyn HttpRequestFeature>()
        || key == TypeId::of::<dyn HttpRequestLifetimeFeature>()
        || key == TypeId::of::<dyn HttpRequestBodyDetectionFeature>()
        || key == TypeId::of::<dyn HttpUpgradeFeature>()
}

/// Sets what HTTP.sys has otherwise than Kestrel, and takes out what it has not.
pub(super) fn set(
    features: &mut FeatureCollection,
    server: &ServerShared,
    shared: &Arc<DirectShared>,
    connection: &ConnectionFacts,
) {
    let limit = features.take::<dyn HttpMaxRequestBodySizeFeature>();
    features.retain(is_shared);
    features.set_defaults(Some(Arc::clone(&server.features)));
    let view = View(Arc::clone(shared));
    features
        .set::<dyn HttpConnectionFeature>(Box::new(DirectConnection::new(Arc::clone(shared), connection)));
    features.set::<dyn HttpRequestIdentifierFeature>(Box::new(view.clone()));
    if let Some(limit) = limit {
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
    if let Some(tls) = &connection.tls {
        let method = server.settings.client_certificate_method;
        let mut handshake = PlainTlsHandshake::default();
        fill_handshake(&mut handshake, tls);
        features.set::<dyn TlsConnectionFeature>(Box::new(DirectTls::new(Arc::clone(shared), tls, method)));
        features.set::<dyn TlsHandshakeFeature>(Box::new(handshake));
    }
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
    if let Some(tls) = own_mut!(features, dyn TlsConnectionFeature as DirectTls) {
        tls.clear();
    }
}
