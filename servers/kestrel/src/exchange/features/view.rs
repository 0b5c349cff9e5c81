//! Small views: body detection, limits, rates, identity, lifetime, trailers.

use std::sync::Arc;

use falconry_features::{
    CancellationToken, FeatureError, HttpMaxRequestBodySizeFeature, HttpMinRequestBodyDataRateFeature,
    HttpMinResponseDataRateFeature, HttpRequestBodyDetectionFeature, HttpRequestIdentifierFeature,
    HttpRequestLifetimeFeature, HttpRequestTrailersFeature, MinDataRate,
};
use http::HeaderMap;

use crate::exchange::{ExchangeShared, Phase, UpgradeState};

/// A view of the exchange's shared state. It has no state of its own, so there is nothing to clear.
#[derive(Clone, Debug)]
pub(crate) struct View(pub(crate) Arc<ExchangeShared>);

impl HttpRequestBodyDetectionFeature for View {
    fn can_have_body(&self) -> bool {
        self.0.lock().request_body.can_have_body
    }
}

impl HttpMaxRequestBodySizeFeature for View {
    fn is_read_only(&self) -> bool {
        let state = self.0.lock();
        state.request_body.has_begun || state.upgrade == UpgradeState::Done
    }

    fn max_request_body_size(&self) -> Option<u64> {
        self.0.lock().request_body.max_size
    }

    fn set_max_request_body_size(&mut self, limit: Option<u64>) -> Result<(), FeatureError> {
        let mut state = self.0.lock();
        state.check_not_upgraded()?;
        if state.request_body.has_begun {
            return Err(FeatureError::invalid_state(
                "the limit of the request's body cannot be changed once reading has begun",
            ));
        }
        state.request_body.max_size = limit;
        Ok(())
    }
}

impl HttpMinRequestBodyDataRateFeature for View {
    fn min_data_rate(&self) -> Option<MinDataRate> {
        self.0.connection.http1.rates().request_body
    }

    fn set_min_data_rate(&mut self, rate: Option<MinDataRate>) -> Result<(), FeatureError> {
        self.0.connection.http1.change_rates(|rates| rates.request_body = rate);
        Ok(())
    }
}

impl HttpMinResponseDataRateFeature for View {
    fn min_data_rate(&self) -> Option<MinDataRate> {
        self.0.connection.http1.rates().response
    }

    fn set_min_data_rate(&mut self, rate: Option<MinDataRate>) {
        self.0.connection.http1.change_rates(|rates| rates.response = rate);
    }
}

impl HttpRequestIdentifierFeature for View {
    fn trace_identifier(&self) -> String {
        self.0.trace_identifier()
    }

    fn set_trace_identifier(&mut self, identifier: &str) {
        self.0.lock().trace_identifier = Some(identifier.to_owned());
    }
}

impl HttpRequestLifetimeFeature for View {
    fn request_aborted(&self) -> CancellationToken {
        self.0.abort_token()
    }

    fn set_request_aborted(&mut self, token: CancellationToken) {
        self.0.set_abort_token(token);
    }

    fn abort(&self) {
        if self.0.lock().output.phase == Phase::Completed {
            // What was handed over is delivered.
            return;
        }
        self.0.abort();
        self.0.abort_transport();
    }
}

impl HttpRequestTrailersFeature for View {
    fn available(&self) -> bool {
        self.0.lock().request_body.is_at_end
    }

    fn trailers(&self) -> Result<HeaderMap, FeatureError> {
        let state = self.0.lock();
        if !state.request_body.is_at_end {
            return Err(FeatureError::invalid_state(
                "the request's trailers are there once its body has been read to the end",
            ));
        }
        Ok(state.request_body.trailers.as_deref().cloned().unwrap_or_default())
    }
}
