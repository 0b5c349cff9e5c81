//! A response whose application still runs.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::{BoxError, FeatureError};
use http_body::Frame;

use super::{Driver, ExchangeShared, Phase, Progress};

/// The body of a response whose application has not returned, or whose end has to wait. Polling it
/// runs the application: this alone gives backpressure, and dropping it gives the request up.
pub(crate) struct Streaming {
    shared: Arc<ExchangeShared>,
    driver: Option<Driver>,
}

impl Streaming {
    pub(crate) fn new(driver: Driver) -> Option<Self> {
        Some(Self { shared: Arc::clone(driver.shared()?), driver: Some(driver) })
    }

    /// What both sides of the exchange share.
    pub(crate) fn shared(&self) -> &Arc<ExchangeShared> {
        &self.shared
    }

    /// The next part of the response, for which the application runs on.
    pub(crate) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            let mut state = self.shared.lock();
            let output = &mut state.output;
            if let Some(data) = output.pop() {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            match output.phase {
                Phase::Aborted => {
                    let error = FeatureError::aborted("the response was given up before its end");
                    return Poll::Ready(Some(Err(error.into())));
                }
                Phase::Completed if output.trailers.is_some() => {
                    return Poll::Ready(
                        output.trailers.take().map(|trailers| Ok(Frame::trailers(*trailers))),
                    );
                }
                Phase::Completed => {
                    drop(state);
                    self.end(cx);
                    return Poll::Ready(None);
                }
                Phase::Unstarted | Phase::Started => {}
            }
            drop(state);
            let progress = self.driver.as_mut().map_or(Progress::Complete, |driver| driver.poll(cx));
            let state = self.shared.lock();
            let is_moving = !state.output.is_empty() || state.output.phase != Phase::Started;
            if progress == Progress::Waiting && !is_moving {
                return Poll::Pending;
            }
        }
    }

    /// After the last frame: the application may still run.
    fn end(&mut self, cx: &mut Context<'_>) {
        let Some(mut driver) = self.driver.take() else { return };
        if driver.poll(cx) == Progress::Waiting {
            // The application has ended its response and goes on: the response does not wait.
            driver.run_on();
        } else if let Some(exchange) = driver.take_exchange() {
            exchange.recycle();
        }
    }
}

impl std::fmt::Debug for Streaming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streaming").field("shared", &self.shared).finish_non_exhaustive()
    }
}
