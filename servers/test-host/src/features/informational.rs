//! Interim responses, handed to the client as they are sent.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use falconry_features::{FeatureError, HttpInformationalResponseFeature, check_interim_status};
use http::{HeaderMap, StatusCode};

use crate::{InterimResponse, exchange::Exchange, request::OnInterim};

pub(super) struct Informational {
    exchange: Arc<Exchange>,
    on_interim: Option<OnInterim>,
}

impl Informational {
    pub(super) fn new(exchange: Arc<Exchange>, on_interim: Option<OnInterim>) -> Self {
        Self { exchange, on_interim }
    }
}

impl HttpInformationalResponseFeature for Informational {
    fn poll_send(
        &mut self,
        _cx: &mut Context<'_>,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Poll<Result<(), FeatureError>> {
        check_interim_status(status)?;
        let interim = InterimResponse { status, headers: headers.clone() };
        self.exchange.inform(interim.clone())?;
        if let Some(on_interim) = &self.on_interim {
            on_interim(&interim);
        }
        Poll::Ready(Ok(()))
    }
}
