//! The end of a request before its time.

use std::sync::Arc;

use falconry_features::{CancellationToken, HttpRequestLifetimeFeature, HttpResetFeature};

use crate::exchange::Exchange;

pub(super) struct Lifetime {
    token: CancellationToken,
    exchange: Arc<Exchange>,
}

impl Lifetime {
    pub(super) fn new(exchange: Arc<Exchange>) -> Self {
        Self { token: exchange.aborted().clone(), exchange }
    }
}

impl HttpRequestLifetimeFeature for Lifetime {
    fn request_aborted(&self) -> CancellationToken {
        self.token.clone()
    }

    fn set_request_aborted(&mut self, token: CancellationToken) {
        self.token = token;
    }

    fn abort(&self) {
        self.exchange.abort();
    }
}

pub(super) struct Reset(pub(super) Arc<Exchange>);

impl HttpResetFeature for Reset {
    fn reset(&self, error_code: u32) {
        self.0.reset(error_code);
    }
}
