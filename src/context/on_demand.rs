//! What a context makes when the server does not offer it.

use falconry_features::{
    Feature, FeatureCollection, FeatureError, Form, FormOptions, HttpAuthenticationFeature,
    HttpConnectionFeature, HttpRequestIdentifierFeature, HttpWebSocketFeature, Items, ItemsFeature,
    Parameters, PlainAuthentication, PlainConnection, PlainItems, PlainQuery, PlainRequestCookies,
    PlainRequestIdentifier, PlainRouteValues, QueryFeature, RequestCookies, RequestCookiesFeature,
    RouteValuesFeature, Session, SessionFeature, TlsConnectionFeature, User, WebSocket,
    WebSocketAcceptContext,
};

use super::HttpContext;
use crate::Result;

impl HttpContext {
    /// Values that middleware hands on to what comes after it.
    ///
    /// ```
    /// # use falconry::{HttpContext, Next, Result};
    /// struct Tenant(String);
    ///
    /// async fn tenant(ctx: &mut HttpContext, next: Next<'_>) -> Result<()> {
    ///     let name = ctx.request().host().split('.').next().unwrap_or_default().to_owned();
    ///     ctx.items().insert(Tenant(name));
    ///     next.run(ctx).await
    /// }
    /// ```
    pub fn items(&mut self) -> &mut Items {
        ensure::<dyn ItemsFeature>(&mut self.features, |_| Box::<PlainItems>::default()).items_mut()
    }

    /// Who sent the request; anonymous if nobody said.
    pub fn user(&self) -> User {
        let feature = self.features.get::<dyn HttpAuthenticationFeature>();
        feature.and_then(HttpAuthenticationFeature::user).cloned().unwrap_or_default()
    }

    /// Says who sent the request.
    pub fn set_user(&mut self, user: User) {
        ensure::<dyn HttpAuthenticationFeature>(&mut self.features, |_| {
            Box::<PlainAuthentication>::default()
        })
        .set_user(Some(user));
    }

    /// Identifies the request in logs: as the server does, else 13 characters of a counter.
    pub fn trace_identifier(&self) -> String {
        match self.features.get::<dyn HttpRequestIdentifierFeature>() {
            Some(feature) => feature.trace_identifier(),
            None => self.identifier.trace_identifier(),
        }
    }

    /// Gives the request another name, such as a caller's.
    pub fn set_trace_identifier(&mut self, identifier: &str) {
        ensure::<dyn HttpRequestIdentifierFeature>(&mut self.features, |_| {
            Box::<PlainRequestIdentifier>::default()
        })
        .set_trace_identifier(identifier);
    }

    /// The query, taken apart; anew if it was changed meanwhile.
    pub fn query(&mut self) -> &Parameters {
        let raw = self.request().query_string().to_owned();
        let feature = ensure::<dyn QueryFeature>(&mut self.features, |_| Box::new(PlainQuery::new(&raw)));
        if let Some(plain) = (&mut *feature as &mut dyn std::any::Any).downcast_mut::<PlainQuery>() {
            plain.refresh(&raw);
        }
        feature.query()
    }

    /// The cookies that the client sent.
    pub fn cookies(&mut self) -> &RequestCookies {
        if !self.features.contains_own::<dyn RequestCookiesFeature>() {
            let cookies = RequestCookies::parse(self.request().headers());
            self.features.set::<dyn RequestCookiesFeature>(Box::new(PlainRequestCookies { cookies }));
        }
        self.features.get::<dyn RequestCookiesFeature>().expect("it is there or was set").cookies()
    }

    /// What routing took from the path.
    pub fn route_values(&mut self) -> &mut Parameters {
        ensure::<dyn RouteValuesFeature>(&mut self.features, |_| Box::<PlainRouteValues>::default())
            .route_values_mut()
    }

    /// Reads the form in the request's body, once; later calls give the same form.
    ///
    /// # Errors
    /// The request holds no form, or one that is malformed or over a limit of [`FormOptions`]; or what
    /// the body ends with.
    pub async fn read_form(&mut self) -> Result<&Form> {
        self.read_form_with(&FormOptions::default()).await
    }

    /// As [`read_form`](Self::read_form), with limits of your own.
    ///
    /// # Errors
    /// As [`read_form`](Self::read_form).
    pub async fn read_form_with(&mut self, options: &FormOptions) -> Result<&Form> {
        falconry_features::read_form(&mut self.features, options).await
    }

    /// What is kept between the requests of the client.
    ///
    /// # Errors
    /// Invalid state: there is no session middleware in front.
    pub fn session(&mut self) -> Result<&mut dyn Session, FeatureError> {
        match self.features.get_mut::<dyn SessionFeature>() {
            Some(feature) => Ok(feature.session_mut()),
            None => Err(FeatureError::invalid_state(
                "there is no session for this request; add a session middleware in front",
            )),
        }
    }

    /// The connection, for change: what middleware that trusts a proxy says of it holds for this
    /// request. Where the server tells nothing there is an empty one.
    pub fn connection_mut(&mut self) -> &mut dyn HttpConnectionFeature {
        ensure::<dyn HttpConnectionFeature>(&mut self.features, |features| {
            Box::new(features.get::<dyn HttpConnectionFeature>().map(copied).unwrap_or_default())
        })
    }

    /// The encrypted side of the connection; `None` if it is not encrypted.
    pub fn tls(&self) -> Option<&dyn TlsConnectionFeature> {
        self.features.get()
    }

    /// Asks that the connection end after this request.
    pub fn close_connection(&mut self) {
        falconry_features::request_close(&mut self.features);
    }

    /// True if the request asks for a WebSocket and something here can accept it.
    pub fn is_web_socket_request(&self) -> bool {
        let feature = self.features.get::<dyn HttpWebSocketFeature>();
        feature.is_some_and(HttpWebSocketFeature::is_web_socket_request)
    }

    /// Accepts the WebSocket that the request asks for.
    ///
    /// # Errors
    /// Not supported: no WebSocket middleware in front. Invalid state: no WebSocket request, or the
    /// response has started.
    pub async fn accept_web_socket(&mut self, context: WebSocketAcceptContext) -> Result<Box<dyn WebSocket>> {
        Ok(falconry_features::accept_web_socket(&mut self.features, context).await?)
    }
}

/// The own feature; what `make` makes if there is none.
fn ensure<F: ?Sized + Feature>(
    features: &mut FeatureCollection,
    make: impl FnOnce(&FeatureCollection) -> Box<F>,
) -> &mut F {
    if !features.contains_own::<F>() {
        let made = make(features);
        features.set::<F>(made);
    }
    features.get_mut::<F>().expect("it is there or was set")
}

fn copied(connection: &dyn HttpConnectionFeature) -> PlainConnection {
    PlainConnection {
        connection_id: connection.connection_id().to_owned(),
        remote_ip_address: connection.remote_ip_address(),
        remote_port: connection.remote_port(),
        local_ip_address: connection.local_ip_address(),
        local_port: connection.local_port(),
    }
}
