//! One request from its features to its end: what every server does in the same order.

use http::{
    HeaderValue, StatusCode,
    header::{CONNECTION, CONTENT_LENGTH},
};

use super::{HttpApplication, Processed};
use crate::{
    BadHttpRequestError, BoxError, FeatureCollection, HttpRequestFeature, HttpRequestLifetimeFeature,
    HttpResponseFeature, HttpResponseTrailersFeature, ResponseRules, complete_response,
};

/// How a request ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct RequestOutcome {
    /// The server's features, to be used again; `None` if the application could not make a context.
    pub features: Option<FeatureCollection>,
    /// The error that the application ended with, or that its response made.
    pub error: Option<BoxError>,
    /// What completed callbacks failed with: worth a line in the log.
    pub callback_errors: Vec<BoxError>,
}

/// Runs `application` for one request: create, process, starting callbacks and head if the
/// application wrote nothing, end of the body, completed callbacks, dispose.
///
/// An error before the response started is answered with 500, or with the status of a
/// [`BadHttpRequestError`]; after it started the request is aborted, so that the client does not
/// take a part for the whole.
///
/// Dropping the future abandons the request.
pub async fn run_request(application: &dyn HttpApplication, features: FeatureCollection) -> RequestOutcome {
    let context = match application.create_context(features) {
        Ok(context) => context,
        Err(error) => {
            return RequestOutcome { features: None, error: Some(error), callback_errors: Vec::new() };
        }
    };
    let Processed { mut context, result } = application.process(context).await;
    let error = finish_response(context.features_mut(), result).await;
    let callback_errors = complete_request(context.features_mut()).await;
    let features = application.dispose_context(context, error.as_ref());
    RequestOutcome { features: Some(features), error, callback_errors }
}

/// Sends what is left of the response once the application has ended with `result`: the head if
/// nothing was written, the end of the body, or the answer to the error. Gives the error that the
/// request ended with. A part of [`run_request`], for servers that do the steps by themselves.
pub async fn finish_response(
    features: &mut FeatureCollection,
    result: Result<(), BoxError>,
) -> Option<BoxError> {
    let result = match result {
        Ok(()) => check_unstarted(features),
        error => error,
    };
    let error = match result {
        Ok(()) => complete_response(features).await.err()?.into(),
        Err(error) => error,
    };
    let started = features.get::<dyn HttpResponseFeature>().is_none_or(HttpResponseFeature::has_started);
    let answered = !started && {
        answer_error(features, &error);
        complete_response(features).await.is_ok()
    };
    if !answered && let Some(lifetime) = features.get::<dyn HttpRequestLifetimeFeature>() {
        lifetime.abort();
    }
    Some(error)
}

/// Finds, while it can still be answered, that a response without a body was declared to have one,
/// or that a starting callback failed unseen.
fn check_unstarted(features: &FeatureCollection) -> Result<(), BoxError> {
    let response = features.required::<dyn HttpResponseFeature>()?;
    if response.has_failed() {
        return Err("one of the response's starting callbacks failed".into());
    }
    if !response.has_started() {
        let method = features.required::<dyn HttpRequestFeature>()?.method();
        ResponseRules::new(method, response.head())?.finish()?;
    }
    Ok(())
}

/// Makes the response the answer to `error`: 500, or the status of a [`BadHttpRequestError`], after
/// which the connection closes. Fields and trailers of the application are forgotten. For servers,
/// while nothing of the response has left.
pub fn answer_error(features: &mut FeatureCollection, error: &BoxError) {
    if let Some(trailers) = features.get_mut::<dyn HttpResponseTrailersFeature>()
        && let Ok(trailers) = trailers.trailers_mut()
    {
        trailers.clear();
    }
    let Some(response) = features.get_mut::<dyn HttpResponseFeature>() else { return };
    let head = response.clear();
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    match BadHttpRequestError::find(&**error) {
        Some(refusal) => {
            head.status = refusal.status();
            head.headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        None => head.status = StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Runs the completed callbacks, last registered first; each runs even if another failed. Gives the
/// errors. A part of [`run_request`], for servers that do the steps by themselves.
pub async fn complete_request(features: &mut FeatureCollection) -> Vec<BoxError> {
    let mut errors = Vec::new();
    while let Some(callback) = features
        .get_mut::<dyn HttpResponseFeature>()
        .and_then(|response| response.callbacks_mut().pop_completed())
    {
        if let Err(error) = callback().await {
            errors.push(error);
        }
    }
    errors
}
