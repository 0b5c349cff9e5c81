//! [`HttpContext`]: one request and its response, as handlers see them.

mod on_demand;
mod request;
mod response;

use falconry_features::{
    CancellationToken, DuplexStream, FeatureCollection, HttpConnectionFeature, HttpRequestLifetimeFeature,
    PlainRequestIdentifier,
};

pub use self::{
    request::{Request, RequestMut},
    response::{Response, ResponseMut},
};
use crate::Result;

/// One request and its response: typed views over the features that the server offers.
///
/// What the server lacks is made on demand where that makes sense; everything else is an absent
/// feature: ask [`features`](Self::features).
#[derive(Debug, Default)]
pub struct HttpContext {
    features: FeatureCollection,
    // Where the server has no name for the request; made when it is asked for.
    identifier: PlainRequestIdentifier,
}

impl HttpContext {
    /// A context over a server's features.
    pub fn new(features: FeatureCollection) -> Self {
        Self { features, identifier: PlainRequestIdentifier::default() }
    }

    /// Everything that the server offers for this request, its connection and itself.
    pub fn features(&self) -> &FeatureCollection {
        &self.features
    }

    /// The features, for change: set one to replace what the rest of the pipeline sees.
    pub fn features_mut(&mut self) -> &mut FeatureCollection {
        &mut self.features
    }

    /// The request.
    pub fn request(&self) -> Request<'_> {
        Request::new(&self.features)
    }

    /// The request, for change and to read its body.
    pub fn request_mut(&mut self) -> RequestMut<'_> {
        RequestMut::new(&mut self.features)
    }

    /// The response, as it stands.
    pub fn response(&self) -> Response<'_> {
        Response::new(&self.features)
    }

    /// The response, for change and to write its body.
    pub fn response_mut(&mut self) -> ResponseMut<'_> {
        ResponseMut::new(&mut self.features)
    }

    /// The connection, if the server tells of it.
    pub fn connection(&self) -> Option<&dyn HttpConnectionFeature> {
        self.features.get()
    }

    /// Fires when the request is aborted; never if the server cannot tell.
    pub fn request_aborted(&self) -> CancellationToken {
        self.features
            .get::<dyn HttpRequestLifetimeFeature>()
            .map(HttpRequestLifetimeFeature::request_aborted)
            .unwrap_or_default()
    }

    /// Ends the connection or stream without finishing the response.
    pub fn abort(&self) {
        if let Some(lifetime) = self.features.get::<dyn HttpRequestLifetimeFeature>() {
            lifetime.abort();
        }
    }

    /// Answers 101 with the response's fields and takes the connection over (RFC 9110 section 7.8).
    ///
    /// # Errors
    /// The request cannot be upgraded, the response has started, or the server cannot upgrade.
    pub async fn upgrade(&mut self) -> Result<Box<dyn DuplexStream>> {
        Ok(falconry_features::upgrade(&mut self.features).await?)
    }

    pub(crate) fn set_features(&mut self, features: FeatureCollection) {
        self.features = features;
        self.identifier = PlainRequestIdentifier::default();
    }
}
