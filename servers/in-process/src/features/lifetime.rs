//! The end of a request before its time.

use std::sync::Arc;

use falconry_features::{CancellationToken, HttpRequestLifetimeFeature, HttpResetFeature};

use crate::exchange::Exchange;

pub(super) struct Lifetime {
    exchange: Arc<Exchange>,
    replacement: Option<CancellationToken>,
}

impl Lifetime {
    pub(super) fn new(exchange: Arc<Exchange>) -> Self {
        Self { exchange, replacement: None }
    }
}

impl HttpRequestLifetimeFeature for Lifetime {
    fn request_aborted(&self) -> CancellationToken {
        self.replacement.as_ref().unwrap_or_else(|| self.exchange.aborted()).clone()
    }

    fn set_request_aborted(&mut self, token: CancellationToken) {
        self.replacement = Some(token);
    }

    fn abort(&self) {
        self.exchange.abort(None);
    }
}

pub(super) struct Reset(pub(super) Arc<Exchange>);

impl HttpResetFeature for Reset {
    fn reset(&self, error_code: u32) {
        self.0.abort(Some(error_code));
    }
}
