//! Whether the client is still there.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use falconry_features::{Cancelled, FeatureCollection, HttpRequestFeature, HttpRequestLifetimeFeature};
use http::Version;
use tokio::time::Sleep;

use crate::forward::response::HALF_CLOSED_GRACE;

/// Watches for the client's leave.
pub(super) struct Client {
    aborted: Option<Cancelled>,
    is_http1: bool,
    grace: Option<Pin<Box<Sleep>>>,
}

impl Client {
    pub(super) fn new(features: &FeatureCollection) -> Self {
        let aborted = features
            .get::<dyn HttpRequestLifetimeFeature>()
            .map(|lifetime| lifetime.request_aborted().cancelled());
        let is_http1 = features
            .get::<dyn HttpRequestFeature>()
            .is_some_and(|request| request.version() < Version::HTTP_2);
        Self { aborted, is_http1, grace: None }
    }

    /// Completes when the client has left.
    pub(super) fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(aborted) = &mut self.aborted {
            if Pin::new(aborted).poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.aborted = None;
            if !self.is_http1 {
                return Poll::Ready(());
            }
            self.grace = Some(Box::pin(tokio::time::sleep(HALF_CLOSED_GRACE)));
        }
        self.grace.as_mut().map_or(Poll::Pending, |grace| grace.as_mut().poll(cx))
    }
}
