//! Leaving HTTP, and interim responses.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use falconry_features::{
    BoxFuture, DuplexStream, FeatureError, HttpInformationalResponseFeature, HttpUpgradeFeature,
    ResponseHead, check_interim_status,
};
use http::{HeaderMap, StatusCode};
use tokio::sync::oneshot;

use super::view::View;
use crate::exchange::{Phase, UpgradeState};

impl HttpUpgradeFeature for View {
    fn is_upgradable_request(&self) -> bool {
        self.0.lock().upgrade == UpgradeState::Possible
    }

    fn upgrade(
        &mut self,
        head: Arc<ResponseHead>,
    ) -> Result<BoxFuture<'static, Result<Box<dyn DuplexStream>, FeatureError>>, FeatureError> {
        let mut state = self.0.lock();
        match state.upgrade {
            UpgradeState::Possible => {}
            UpgradeState::Impossible => {
                return Err(FeatureError::invalid_state("the request cannot be upgraded"));
            }
            UpgradeState::Done => {
                return Err(FeatureError::invalid_state("the connection has already been upgraded"));
            }
        }
        let connection = &self.0.connection;
        let Some(open) = connection.server.connections.upgrade(connection, self.0.stream.is_some()) else {
            return Err(FeatureError::invalid_state(
                "the server's limit of upgraded connections (max_concurrent_upgraded_connections) is reached",
            ));
        };
        let (sender, stream) = oneshot::channel();
        state.upgrade = UpgradeState::Done;
        state.stream_sender = Some(sender);
        state.open_upgrade = Some(open);
        state.output.phase = Phase::Started;
        state.output.head = Some(head);
        Ok(Box::pin(async move {
            stream.await.map_err(|_| FeatureError::aborted("the client has gone before the upgrade"))
        }))
    }
}

impl HttpInformationalResponseFeature for View {
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Poll<Result<(), FeatureError>> {
        check_interim_status(status)?;
        if self.0.lock().output.phase != Phase::Unstarted {
            return Poll::Ready(Err(FeatureError::invalid_state(
                "the response has already started; an interim response comes before it",
            )));
        }
        self.0.connection.http1.poll_send_interim(cx, status, headers).map(Ok)
    }
}
