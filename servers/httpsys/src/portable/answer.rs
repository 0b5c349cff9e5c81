//! What the driver answers by itself.

use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use falconry_features::{
    BoxError, FeatureCollection, FeatureError, HttpRequestLifetimeFeature, HttpResponseBodyFeature,
    HttpResponseFeature, ResponseHead,
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE},
};

use crate::driver::Http503Verbosity;

/// An answer of the driver's own.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    /// Nobody has the path.
    pub(super) fn not_found() -> Self {
        Self::page(StatusCode::NOT_FOUND, "Not Found", "HTTP Error 404. The requested resource is not found.")
    }

    /// Nobody has the host.
    pub(super) fn invalid_host() -> Self {
        let reason = "HTTP Error 400. The request hostname is invalid.";
        Self::page(StatusCode::BAD_REQUEST, "Bad Request - Invalid Hostname", reason).closing()
    }

    /// The request's body is malformed, or did not come in time.
    pub(super) fn refusal(status: StatusCode) -> Self {
        Self::empty(status).closing()
    }

    /// A queue cannot take the request; `None` is said by a reset of the connection.
    pub(super) fn unavailable(verbosity: Http503Verbosity) -> Option<Self> {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Some(match verbosity {
            Http503Verbosity::Basic => return None,
            Http503Verbosity::Limited => Self::empty(status).closing(),
            Http503Verbosity::Full => {
                let reason = "HTTP Error 503. The service is unavailable.";
                Self::page(status, "Service Unavailable", reason).closing()
            }
        })
    }

    fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    fn page(status: StatusCode, title: &str, text: &str) -> Self {
        let mut answer = Self::empty(status);
        answer.body = format!(
            "<!DOCTYPE html>\r\n<html><head><title>{title}</title></head>\r\n<body><h2>{title}</h2>\r\n<hr><p>{text}</p>\r\n\
             </body></html>\r\n"
        )
        .into();
        answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=us-ascii"));
        answer
    }

    fn closing(mut self) -> Self {
        self.headers.insert(CONNECTION, HeaderValue::from_static("close"));
        self
    }

    /// Gives the answer to the connection.
    pub(super) fn send(mut self, features: &mut FeatureCollection) -> Result<(), BoxError> {
        let response = features.required_mut::<dyn HttpResponseFeature>()?;
        self.headers.entry(CONTENT_LENGTH).or_insert_with(|| self.body.len().into());
        *response.head_mut()? = ResponseHead { status: self.status, reason: None, headers: self.headers };
        let head = response.begin()?;
        let body = features.required_mut::<dyn HttpResponseBodyFeature>()?;
        // The connection has nothing else of this request yet, and takes it at once.
        let mut cx = Context::from_waker(Waker::noop());
        let started = body.poll_start(&mut cx, &head);
        let written = match started {
            Poll::Ready(Ok(())) => body.poll_write(&mut cx, &mut self.body),
            other => other,
        };
        let completed = match written {
            Poll::Ready(Ok(())) => body.poll_complete(&mut cx, &mut None),
            other => other,
        };
        match completed {
            Poll::Ready(result) => Ok(result?),
            Poll::Pending => Err(FeatureError::io("the connection does not take an answer").into()),
        }
    }
}

/// Gives the answer, or resets the connection where there is none.
pub(super) fn answer_or_reset(
    answer: Option<Answer>,
    features: &mut FeatureCollection,
) -> Result<(), BoxError> {
    match answer {
        Some(answer) => answer.send(features),
        None => {
            abort(features);
            Err(FeatureError::aborted("the queue cannot take the request").into())
        }
    }
}

/// Ends the connection, or the stream.
pub(super) fn abort(features: &FeatureCollection) {
    if let Some(lifetime) = features.get::<dyn HttpRequestLifetimeFeature>() {
        lifetime.abort();
    }
}
