//! Interim responses.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use falconry_features::{FeatureError, HttpInformationalResponseFeature};
use http::{HeaderMap, StatusCode};

use crate::exchange::Exchange;

pub(super) struct Informational(pub(super) Arc<Exchange>);

impl HttpInformationalResponseFeature for Informational {
    fn poll_send(
        &mut self,
        _cx: &mut Context<'_>,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Poll<Result<(), FeatureError>> {
        if !status.is_informational() || status == StatusCode::SWITCHING_PROTOCOLS {
            return Poll::Ready(Err(FeatureError::out_of_range(format!(
                "{status} is not the status of an interim response: those are 1xx without 101"
            ))));
        }
        Poll::Ready(self.0.inform(status, headers))
    }
}
