//! The small features of the request: body detection, body size, trailers.

use std::sync::Arc;

use falconry_features::{
    FeatureError, HttpMaxRequestBodySizeFeature, HttpRequestBodyDetectionFeature, HttpRequestTrailersFeature,
};
use http::HeaderMap;

use crate::exchange::{Exchange, Phase};

pub(super) struct Detection(pub(super) bool);

impl HttpRequestBodyDetectionFeature for Detection {
    fn can_have_body(&self) -> bool {
        self.0
    }
}

pub(super) struct RequestTrailers(Arc<Exchange>);

impl RequestTrailers {
    pub(super) fn new(exchange: &Arc<Exchange>, has_body: bool) -> Self {
        if !has_body {
            exchange.lock().body.trailers = Some(HeaderMap::new());
        }
        Self(Arc::clone(exchange))
    }
}

impl HttpRequestTrailersFeature for RequestTrailers {
    fn available(&self) -> bool {
        self.0.lock().body.trailers.is_some()
    }

    fn trailers(&self) -> Result<HeaderMap, FeatureError> {
        self.0.lock().body.trailers.clone().ok_or_else(|| {
            FeatureError::invalid_state(
                "the request's trailers are not there yet; read its body to the end first",
            )
        })
    }
}

pub(super) struct MaxBodySize(pub(super) Arc<Exchange>);

impl HttpMaxRequestBodySizeFeature for MaxBodySize {
    fn is_read_only(&self) -> bool {
        let state = self.0.lock();
        state.body.is_read_only || state.phase != Phase::Http
    }

    fn max_request_body_size(&self) -> Option<u64> {
        self.0.lock().body.limit
    }

    fn set_max_request_body_size(&mut self, limit: Option<u64>) -> Result<(), FeatureError> {
        if self.is_read_only() {
            return Err(FeatureError::invalid_state(
                "the body's limit cannot be changed any more: reading has begun or the connection was taken over",
            ));
        }
        self.0.lock().body.limit = limit;
        Ok(())
    }
}
