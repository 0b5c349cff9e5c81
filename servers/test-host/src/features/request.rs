//! The small features of the request: identifier, body detection, body size, trailers.

use std::sync::Arc;

use falconry_features::{
    FeatureError, HttpMaxRequestBodySizeFeature, HttpRequestBodyDetectionFeature,
    HttpRequestIdentifierFeature, HttpRequestTrailersFeature,
};
use http::HeaderMap;

use crate::request::BodyState;

pub(super) struct Identifier(pub(super) String);

impl HttpRequestIdentifierFeature for Identifier {
    fn trace_identifier(&self) -> String {
        self.0.clone()
    }

    fn set_trace_identifier(&mut self, identifier: &str) {
        identifier.clone_into(&mut self.0);
    }
}

pub(super) struct Detection(pub(super) bool);

impl HttpRequestBodyDetectionFeature for Detection {
    fn can_have_body(&self) -> bool {
        self.0
    }
}

pub(super) struct Trailers(pub(super) Arc<BodyState>);

impl HttpRequestTrailersFeature for Trailers {
    fn available(&self) -> bool {
        self.0.trailers().is_some()
    }

    fn trailers(&self) -> Result<HeaderMap, FeatureError> {
        self.0.trailers().ok_or_else(|| {
            FeatureError::invalid_state(
                "the request's trailers are not there yet; read its body to the end first",
            )
        })
    }
}

pub(super) struct MaxBodySize {
    state: Arc<BodyState>,
    is_fixed: bool,
}

impl MaxBodySize {
    /// `is_fixed` from the start, for a request whose body is no body.
    pub(super) fn new(state: Arc<BodyState>, is_fixed: bool) -> Self {
        Self { state, is_fixed }
    }
}

impl HttpMaxRequestBodySizeFeature for MaxBodySize {
    fn is_read_only(&self) -> bool {
        self.is_fixed || self.state.is_read_only()
    }

    fn max_request_body_size(&self) -> Option<u64> {
        self.state.limit()
    }

    fn set_max_request_body_size(&mut self, limit: Option<u64>) -> Result<(), FeatureError> {
        if self.is_read_only() {
            return Err(FeatureError::invalid_state(
                "the body's limit cannot be changed any more: reading has begun or the connection was taken over",
            ));
        }
        self.state.set_limit(limit);
        Ok(())
    }
}
