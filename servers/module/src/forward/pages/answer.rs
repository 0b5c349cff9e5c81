//! Sending a page.

use falconry_features::{FeatureCollection, FeatureError, HttpResponseFeature, write_response};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER},
};

use super::ErrorPage;
use crate::forward::ForwardError;

/// Answers a request whose response has not started.
///
/// # Errors
/// Invalid state: the response has started. Aborted: the client has gone.
pub async fn answer(features: &mut FeatureCollection, page: ErrorPage) -> Result<(), FeatureError> {
    let body = page.body();
    let head = features.required_mut::<dyn HttpResponseFeature>()?.head_mut()?;
    head.status = page.status;
    head.reason = None;
    head.headers = headers(&page, body.len());
    if body.is_empty() { Ok(()) } else { write_response(features, body).await }
}

/// Answers a request that could not be forwarded. Does nothing if its response had started, or the client is gone.
///
/// # Errors
/// As [`answer`].
pub async fn answer_error(
    features: &mut FeatureCollection,
    error: &ForwardError,
) -> Result<(), FeatureError> {
    if error.has_started() {
        return Ok(());
    }
    let page = ErrorPage::of(error);
    // The causes are the module's, not the client's.
    let page = if page.status.is_server_error() { page } else { page.without_content() };
    answer(features, page).await
}

fn headers(page: &ErrorPage, length: usize) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(CONTENT_LENGTH, length.into());
    if length > 0 {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    if page.status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    headers
}
