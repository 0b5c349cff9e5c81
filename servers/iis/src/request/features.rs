//! What IIS offers beyond what every native host does.

use std::{borrow::Cow, sync::Arc};

use falconry_features::{
    ConnectionLifetimeNotificationFeature, FeatureCollection, FeatureError, HttpAuthenticationFeature,
    HttpSysRequestInfoFeature, HttpSysRequestTimingFeature, Identity, PlainAuthentication,
    PlainNativeRequest, PlainTlsConnection, PlainTlsHandshake, ServerVariablesFeature, TlsConnectionFeature,
    TlsHandshakeFeature, User,
};
use falconry_httpapi::{HttpRequest, ticks_per_second};

use crate::exchange::Exchange;

pub(super) fn fill_features(
    features: &mut FeatureCollection,
    exchange: &Arc<Exchange>,
    raw: &HttpRequest<'_>,
) {
    features.set::<dyn ServerVariablesFeature>(Box::new(Variables(Arc::clone(exchange))));
    features.set::<dyn ConnectionLifetimeNotificationFeature>(Box::new(exchange.close_requested()));
    features.set::<dyn HttpAuthenticationFeature>(Box::new(authentication(exchange)));
    let native = raw.tls();
    if let Some(native) = &native {
        let handshake = PlainTlsHandshake { protocol: native.protocol, ..PlainTlsHandshake::default() };
        features.set::<dyn TlsHandshakeFeature>(Box::new(handshake));
    }
    let mut tls = PlainTlsConnection::default();
    tls.set_client_certificate(native.and_then(|native| native.client_certificate));
    features.set::<dyn TlsConnectionFeature>(Box::new(tls));
    let native =
        PlainNativeRequest { info: raw.infos(), timestamps: raw.timestamps(), frequency: ticks_per_second() };
    features.set::<dyn HttpSysRequestTimingFeature>(Box::new(native.clone()));
    features.set::<dyn HttpSysRequestInfoFeature>(Box::new(native));
}

/// Who IIS says that sent the request.
fn authentication(exchange: &Exchange) -> PlainAuthentication {
    let mut authentication = PlainAuthentication::default();
    let variable = |name| exchange.server_variable(name).filter(|value: &String| !value.is_empty());
    if let (Some(kind), Some(name)) = (variable("AUTH_TYPE"), variable("AUTH_USER")) {
        authentication.set_user(Some(User::from(Identity::new(kind, name))));
    }
    authentication
}

/// The server variables, while the request lasts.
struct Variables(Arc<Exchange>);

impl ServerVariablesFeature for Variables {
    fn server_variable(&self, name: &str) -> Result<Option<Cow<'_, str>>, FeatureError> {
        check_name(name)?;
        Ok(self.0.server_variable(name).map(Cow::Owned))
    }

    fn set_server_variable(&mut self, name: &str, value: &str) -> Result<(), FeatureError> {
        check_name(name)?;
        self.0.set_server_variable(name, value)
    }
}

fn check_name(name: &str) -> Result<(), FeatureError> {
    if name.is_empty() {
        return Err(FeatureError::invalid_argument("the name of a server variable must not be empty"));
    }
    Ok(())
}
