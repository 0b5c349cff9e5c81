//! The head of the response.

use std::sync::Arc;

use falconry_features::{FeatureError, HttpResponseFeature, PlainResponse, ResponseCallbacks, ResponseHead};

use crate::exchange::Exchange;

/// The plain response, which also tells the exchange when the head is fixed or taken back.
pub(super) struct Response {
    plain: PlainResponse,
    exchange: Arc<Exchange>,
}

impl Response {
    pub(super) fn new(exchange: Arc<Exchange>) -> Self {
        Self { plain: PlainResponse::default(), exchange }
    }
}

impl HttpResponseFeature for Response {
    fn head(&self) -> &ResponseHead {
        self.plain.head()
    }

    fn head_mut(&mut self) -> Result<&mut ResponseHead, FeatureError> {
        self.plain.head_mut()
    }

    fn has_started(&self) -> bool {
        self.plain.has_started()
    }

    fn callbacks_mut(&mut self) -> &mut ResponseCallbacks {
        self.plain.callbacks_mut()
    }

    fn begin(&mut self) -> Result<Arc<ResponseHead>, FeatureError> {
        let head = self.plain.begin()?;
        self.exchange.begin();
        Ok(head)
    }

    fn fail(&mut self) {
        self.plain.fail();
    }

    fn has_failed(&self) -> bool {
        self.plain.has_failed()
    }

    fn clear(&mut self) -> &mut ResponseHead {
        self.exchange.begin_error_answer();
        self.plain.clear()
    }
}
