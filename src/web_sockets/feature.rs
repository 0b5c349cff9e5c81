//! What the middleware puts into a request's features.

use std::sync::Arc;

use falconry_features::{
    BoxFuture, ConnectionLifetimeNotificationFeature, FeatureCollection, FeatureError,
    HttpRequestTimeoutFeature, HttpResponseFeature, HttpWebSocketFeature, WebSocket, WebSocketAcceptContext,
    accept_connect, upgrade,
};
use http::{HeaderValue, StatusCode, header};

use super::{
    WebSocketOptions,
    connection::Connection,
    handshake::{Handshake, Kind},
    keep_alive::KeepAlive,
};

/// Accepts over upgrade and extended CONNECT.
#[derive(Debug)]
pub(super) struct WebSocketFeature {
    handshake: Option<Handshake>,
    options: Arc<WebSocketOptions>,
}

impl WebSocketFeature {
    pub(super) fn new(handshake: Option<Handshake>, options: Arc<WebSocketOptions>) -> Self {
        Self { handshake, options }
    }

    /// The handshake, if the application's choice is among what it offers.
    fn check(&self, sub_protocol: Option<&str>) -> Result<&Handshake, FeatureError> {
        let Some(handshake) = &self.handshake else {
            return Err(FeatureError::invalid_state("the request does not ask for a WebSocket"));
        };
        // RFC 6455 section 4.2.2: a client fails the connection over any other.
        match sub_protocol.filter(|chosen| handshake.protocols.iter().all(|offered| offered != chosen)) {
            Some(chosen) => Err(FeatureError::invalid_argument(format!(
                "the client does not offer the sub-protocol {chosen:?} but {:?}",
                handshake.protocols
            ))),
            None => Ok(handshake),
        }
    }

    async fn accept(
        &self,
        features: &mut FeatureCollection,
        context: WebSocketAcceptContext,
    ) -> Result<Box<dyn WebSocket>, FeatureError> {
        let handshake = self.check(context.sub_protocol())?;
        let headers = features.required_mut::<dyn HttpResponseFeature>()?.headers_mut()?;
        if let Some(protocol) = context.sub_protocol() {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, value(protocol)?);
        }
        let stream = match &handshake.kind {
            Kind::Upgrade { accept } => {
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(header::SEC_WEBSOCKET_ACCEPT, value(accept)?);
                upgrade(features).await?
            }
            Kind::Connect => {
                features.required_mut::<dyn HttpResponseFeature>()?.set_status_code(StatusCode::OK)?;
                accept_connect(features).await?
            }
        };
        if let Some(timeout) = features.get::<dyn HttpRequestTimeoutFeature>() {
            timeout.disable_timeout();
        }
        let notification = features.get::<dyn ConnectionLifetimeNotificationFeature>();
        let stopping = [
            self.options.stopping.clone(),
            notification.map(ConnectionLifetimeNotificationFeature::connection_closed_requested),
        ];
        let interval = context.keep_alive_interval.unwrap_or(self.options.keep_alive_interval);
        let timeout = context.keep_alive_timeout.or(self.options.keep_alive_timeout);
        let mut connection = Connection::new(stream, &self.options, KeepAlive::new(interval, timeout));
        connection.sub_protocol = context.sub_protocol().map(str::to_owned);
        connection.stop_on(stopping.into_iter().flatten());
        Ok(Box::new(connection))
    }
}

impl HttpWebSocketFeature for WebSocketFeature {
    fn is_web_socket_request(&self) -> bool {
        self.handshake.is_some()
    }

    fn requested_protocols(&self) -> &[String] {
        self.handshake.as_ref().map_or(&[], |handshake| &handshake.protocols)
    }

    fn accept<'a>(
        &'a mut self,
        features: &'a mut FeatureCollection,
        context: WebSocketAcceptContext,
    ) -> BoxFuture<'a, Result<Box<dyn WebSocket>, FeatureError>> {
        Box::pin(Self::accept(self, features, context))
    }
}

fn value(text: &str) -> Result<HeaderValue, FeatureError> {
    HeaderValue::from_str(text)
        .map_err(|error| FeatureError::invalid_argument("no field value").with_source(error))
}
