//! Runs the application for one exchange, as far as it can go without waiting.

use std::{
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use falconry_features::{
    BoxError, BoxFuture, FeatureCollection, HostContext, HttpResponseFeature, Processed, complete_request,
    finish_response,
};

use super::{Exchange, ExchangeShared};
use crate::events;

/// The application's run for one exchange: polled by the service until the response starts, then by
/// the body of the response.
pub(crate) struct Driver {
    /// Taken when everything is over.
    exchange: Option<Box<Exchange>>,
    state: State,
}

enum State {
    /// The application runs.
    Processing(BoxFuture<'static, Processed>),
    /// The application has returned; the head or the end of the response takes waiting.
    Finishing(BoxFuture<'static, (Box<dyn HostContext>, Option<BoxError>)>),
    /// The response is complete; completed callbacks are left to run.
    Completing(BoxFuture<'static, Ended>),
    /// Everything has run, and the response is of one piece or less, which is here.
    Whole(Option<Bytes>),
    /// Everything has run; the features wait for the response to be built from them.
    Done,
}

/// A run that is over.
struct Ended {
    context: Box<dyn HostContext>,
    error: Option<BoxError>,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The application has returned and its response is whole.
    Complete,
    /// Nothing more can be done before something happens.
    Waiting,
}

impl Driver {
    /// Begins to run the application for a filled exchange. An application that cannot make a
    /// context ends the connection.
    pub(crate) fn start(mut exchange: Box<Exchange>) -> Result<Self, BoxError> {
        let features = std::mem::take(&mut exchange.features);
        let context = exchange.application.create_context(features)?;
        let processing = exchange.application.process(context);
        Ok(Self { exchange: Some(exchange), state: State::Processing(processing) })
    }

    /// What both sides of the exchange share; `None` once the exchange was taken.
    pub(crate) fn shared(&self) -> Option<&Arc<ExchangeShared>> {
        self.exchange.as_deref().map(|exchange| &exchange.shared)
    }

    /// Runs the application on.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        loop {
            match &mut self.state {
                State::Processing(processing) => match processing.as_mut().poll(cx) {
                    Poll::Pending => return Progress::Waiting,
                    Poll::Ready(processed) => self.finish(processed),
                },
                State::Finishing(finishing) => match finishing.as_mut().poll(cx) {
                    Poll::Pending => return Progress::Waiting,
                    Poll::Ready((context, error)) => self.complete(context, error),
                },
                State::Completing(_) | State::Whole(_) | State::Done => return Progress::Complete,
            }
        }
    }

    /// Runs on without the connection, which has all of the response.
    pub(crate) fn run_on(mut self) {
        tokio::spawn(async move {
            std::future::poll_fn(|cx| match self.poll(cx) {
                Progress::Complete => Poll::Ready(()),
                Progress::Waiting => Poll::Pending,
            })
            .await;
        });
    }

    /// True if everything has run, completed callbacks included.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// The exchange and the body of a response of one piece or less, which was ended at once.
    pub(crate) fn take_whole(&mut self) -> Option<(Box<Exchange>, Option<Bytes>)> {
        let State::Whole(data) = &mut self.state else { return None };
        Some((self.exchange.take()?, data.take()))
    }

    /// The exchange whose response is complete, with its features still filled.
    pub(crate) fn take_exchange(&mut self) -> Option<Box<Exchange>> {
        if matches!(self.state, State::Done) { self.exchange.take() } else { None }
    }

    /// The exchange whose response is complete, to look at.
    pub(crate) fn exchange_mut(&mut self) -> Option<&mut Exchange> {
        if matches!(self.state, State::Done) { self.exchange.as_deref_mut() } else { None }
    }

    /// The application has returned: the rest of the response, at once where nothing has to wait.
    fn finish(&mut self, processed: Processed) {
        let Processed { mut context, result } = processed;
        let Some(exchange) = &mut self.exchange else { return };
        exchange.shared.is_ended.store(true, Ordering::Relaxed);
        let is_changed = exchange.revision != context.features().revision();
        if result.is_ok()
            && !is_changed
            && let Some(data) = exchange.end_whole(context.features_mut())
        {
            exchange.features = exchange.application.dispose_context(context, None);
            self.state = State::Whole(data);
            return;
        }
        if is_changed || has_starting_callbacks(context.features_mut()) {
            self.state = State::Finishing(Box::pin(async move {
                let error = finish_response(context.features_mut(), result).await;
                (context, error)
            }));
            return;
        }
        // Kestrel's own features never wait here.
        let finished = std::pin::pin!(finish_response(context.features_mut(), result))
            .poll(&mut Context::from_waker(Waker::noop()));
        match finished {
            Poll::Ready(error) => self.complete(context, error),
            Poll::Pending => exchange.shared.abort(),
        }
    }

    fn complete(&mut self, mut context: Box<dyn HostContext>, error: Option<BoxError>) {
        let Some(exchange) = &mut self.exchange else { return };
        if let Some(error) = &error {
            log_error(&exchange.shared, error);
        }
        if has_completed_callbacks(context.features_mut()) {
            self.state = State::Completing(Box::pin(async move {
                for error in complete_request(context.features_mut()).await {
                    let error = &*error as &(dyn std::error::Error + 'static);
                    tracing::error!(error, "ApplicationError: a completed callback failed");
                }
                Ended { context, error }
            }));
        } else {
            exchange.end(Ended { context, error });
            self.state = State::Done;
        }
    }
}

impl Exchange {
    fn end(&mut self, ended: Ended) {
        self.features = self.application.dispose_context(ended.context, ended.error.as_ref());
    }
}

impl Drop for Driver {
    /// A run that is dropped before its end was abandoned: the application hears of it before its
    /// future goes. Completed callbacks of a whole response run on without the connection.
    fn drop(&mut self) {
        let Some(mut exchange) = self.exchange.take() else { return };
        match std::mem::replace(&mut self.state, State::Done) {
            State::Whole(_) | State::Done => {}
            State::Completing(completing) => {
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    runtime.spawn(async move {
                        exchange.end(completing.await);
                        exchange.recycle();
                    });
                }
            }
            state @ (State::Processing(_) | State::Finishing(_)) => {
                exchange.shared.abort();
                drop(state);
            }
        }
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}

fn has_starting_callbacks(features: &mut FeatureCollection) -> bool {
    let response = features.get_mut::<dyn HttpResponseFeature>();
    response.is_none_or(|response| response.callbacks_mut().has_starting())
}

fn has_completed_callbacks(features: &mut FeatureCollection) -> bool {
    let response = features.get_mut::<dyn HttpResponseFeature>();
    response.is_some_and(|response| response.callbacks_mut().has_completed())
}

fn log_error(shared: &ExchangeShared, error: &BoxError) {
    let error = &**error as &(dyn std::error::Error + 'static);
    if shared.is_aborted() {
        events::request_aborted(shared, error);
    } else {
        events::application_error(shared, error);
    }
}
