//! What it means when forwarding fails.

use falconry_features::{BadHttpRequestError, FeatureError};
use http::StatusCode;

use super::Exchange;
use crate::forward::{
    ForwardError, ForwardErrorKind,
    body::{BodyFailure, BodyWatch},
    request::front,
};

impl Exchange<'_> {
    /// What a failure of the connection, or of the request's body, means.
    pub(super) fn failed(&self, error: hyper::Error) -> ForwardError {
        match self.body.and_then(BodyWatch::take_failure) {
            Some(BodyFailure::TooLarge(limit)) => {
                let message = format!("the request's body is over the limit of {limit} bytes");
                return self.error(ForwardErrorKind::RequestTooLarge, message);
            }
            Some(BodyFailure::Length) => {
                let message = "the request's body is not as long as was declared";
                return self.error(ForwardErrorKind::Refused(StatusCode::BAD_REQUEST), message.into());
            }
            Some(BodyFailure::Client(error)) => {
                let kind = match BadHttpRequestError::find(&*error).map(BadHttpRequestError::status) {
                    Some(StatusCode::PAYLOAD_TOO_LARGE) => ForwardErrorKind::RequestTooLarge,
                    Some(status) => ForwardErrorKind::Refused(status),
                    None => ForwardErrorKind::ClientLeft,
                };
                return self
                    .error(kind, "the request's body could not be read from the client".to_owned())
                    .with_source(error);
            }
            None => {}
        }
        if error.is_parse() || error.is_parse_too_large() {
            let message = "what the backend answered is no valid response";
            return self.error(ForwardErrorKind::BadResponse, message.to_owned()).with_source(error);
        }
        let message = "the backend closed the connection before the end of its response";
        let is_repeatable = self.is_repeatable();
        self.error(ForwardErrorKind::BackendClosed, message.to_owned())
            .with_source(error)
            .repeatable(is_repeatable && !self.has_started)
    }

    /// True if nothing was answered, and either nothing was written or the request may be done twice.
    fn is_repeatable(&self) -> bool {
        let Some(connection) = &self.connection else { return false };
        if connection.read() != self.before.1 {
            return false;
        }
        let is_unwritten = connection.written() == self.before.0;
        (is_unwritten && self.body.is_none_or(BodyWatch::is_repeatable))
            || (self.plan.is_idempotent && self.body.is_none_or(BodyWatch::is_untouched))
    }

    pub(super) fn front_failed(&self, error: FeatureError) -> ForwardError {
        let error = if error.is_aborted() { left(error) } else { front(error) };
        if self.has_started { error.started() } else { error }
    }

    pub(super) fn error(&self, kind: ForwardErrorKind, message: String) -> ForwardError {
        let error = ForwardError::new(kind, message);
        if self.has_started { error.started() } else { error }
    }
}

pub(in crate::forward) fn left(error: FeatureError) -> ForwardError {
    ForwardError::new(ForwardErrorKind::ClientLeft, "the client left before the end of the response")
        .with_source(error)
}

pub(super) fn gone() -> ForwardError {
    ForwardError::new(ForwardErrorKind::BackendClosed, "the connection to the backend is in use elsewhere")
}
