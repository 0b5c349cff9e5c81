//! The task that runs the application for one request.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};

use falconry_features::{
    BoxError, CatchPanic, FeatureCollection, HttpApplication, Processed, complete_request, finish_response,
};

use crate::exchange::Exchange;

/// How a request ended.
#[derive(Default)]
struct Outcome {
    error: Option<BoxError>,
    callback_errors: Vec<BoxError>,
}

/// Runs `application` for one request, to its end or until the client has gone.
pub(crate) async fn serve(
    application: Arc<dyn HttpApplication>,
    features: FeatureCollection,
    exchange: Arc<Exchange>,
    answer_errors: bool,
) {
    // Dropped with the runtime, the task still ends the exchange: nobody waits for it in vain.
    let ending = Ending(&exchange);
    if let Some(outcome) = run_until_gone(&*application, features, &exchange).await {
        exchange.finish(outcome.error, outcome.callback_errors, answer_errors);
    }
    drop(ending);
}

/// Gives the outcome; `None` if the client went and the application was still waiting for something.
async fn run_until_gone(
    application: &dyn HttpApplication,
    features: FeatureCollection,
    exchange: &Exchange,
) -> Option<Outcome> {
    let mut outcome = Outcome::default();
    let ran = {
        let request = Box::pin(async {
            outcome = run(application, features, exchange).await;
            Ok(())
        });
        let mut request = pin!(CatchPanic::new(request));
        let mut gone = exchange.client_gone().cancelled();
        poll_fn(|cx| {
            // Asked first: the application sees `RequestAborted` once before it is dropped.
            let is_gone = Pin::new(&mut gone).poll(cx).is_ready();
            match request.as_mut().poll(cx) {
                Poll::Ready(result) => Poll::Ready(Some(result)),
                Poll::Pending if is_gone => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        })
        .await?
    };
    if let Err(panic) = ran {
        outcome.error = Some(panic);
    }
    Some(outcome)
}

/// The steps of [`run_request`](falconry_features::run_request), with a note to the exchange between.
async fn run(application: &dyn HttpApplication, features: FeatureCollection, exchange: &Exchange) -> Outcome {
    let context = match application.create_context(features) {
        Ok(context) => context,
        Err(error) => return Outcome { error: Some(error), ..Outcome::default() },
    };
    let Processed { mut context, result } = application.process(context).await;
    exchange.processed();
    let error = finish_response(context.features_mut(), result).await;
    let callback_errors = complete_request(context.features_mut()).await;
    // The features go, and with them the request's body: who sends it learns that nobody reads it.
    drop(application.dispose_context(context, error.as_ref()));
    Outcome { error, callback_errors }
}

/// Ends the exchange when the task does, in whatever way.
struct Ending<'a>(&'a Exchange);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
