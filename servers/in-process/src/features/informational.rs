//! Interim responses.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use falconry_features::{FeatureError, HttpInformationalResponseFeature, check_interim_status};
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
        check_interim_status(status)?;
        Poll::Ready(self.0.inform(status, headers))
    }
}
