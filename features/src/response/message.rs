//! The status line and the fields, and when they are fixed.

use std::sync::Arc;

use http::{HeaderMap, StatusCode};

use super::{CompletedCallback, ReasonPhrase, ResponseCallbacks, ResponseHead, StartingCallback};
use crate::{Feature, FeatureError};

/// The head of the response. Every server offers it.
///
/// The response starts with the first write, flush or explicit start, or at the end of the
/// pipeline. From then on the head is read-only.
pub trait HttpResponseFeature: Feature {
    /// Status, reason phrase and fields.
    fn head(&self) -> &ResponseHead;

    /// Status, reason phrase and fields, for change.
    ///
    /// # Errors
    /// Invalid state: the response has started.
    fn head_mut(&mut self) -> Result<&mut ResponseHead, FeatureError>;

    /// True once the head is fixed.
    fn has_started(&self) -> bool;

    /// The callbacks, for the steps of the response to run.
    fn callbacks_mut(&mut self) -> &mut ResponseCallbacks;

    /// Fixes the head and gives it out: the starting callbacks have run. Part of
    /// [`start_response`](crate::start_response), which applications call instead.
    ///
    /// # Errors
    /// Invalid state: the response has started, or a starting callback failed.
    fn begin(&mut self) -> Result<Arc<ResponseHead>, FeatureError>;

    /// Notes that a starting callback failed: the response can no longer start, and the server
    /// answers 500 whatever the application says.
    fn fail(&mut self);

    /// True after [`fail`](Self::fail).
    fn has_failed(&self) -> bool;

    /// Takes everything back, for the error response that the server sends instead. Only for
    /// servers, and only while no byte of the response has left.
    fn clear(&mut self) -> &mut ResponseHead;

    /// The status code. Default: 200.
    fn status_code(&self) -> StatusCode {
        self.head().status
    }

    /// Changes the status code.
    ///
    /// # Errors
    /// Invalid state: the response has started.
    fn set_status_code(&mut self, status: StatusCode) -> Result<(), FeatureError> {
        self.head_mut()?.status = status;
        Ok(())
    }

    /// The reason phrase; `None` is the standard one.
    fn reason_phrase(&self) -> Option<&str> {
        self.head().reason.as_ref().map(ReasonPhrase::as_str)
    }

    /// Changes the reason phrase; `None` is the standard one.
    ///
    /// # Errors
    /// Invalid state: the response has started. Invalid argument: a control character.
    fn set_reason_phrase(&mut self, phrase: Option<&str>) -> Result<(), FeatureError> {
        self.head_mut()?.reason = phrase.map(ReasonPhrase::new).transpose()?;
        Ok(())
    }

    /// The fields.
    fn headers(&self) -> &HeaderMap {
        &self.head().headers
    }

    /// The fields, for change.
    ///
    /// # Errors
    /// Invalid state: the response has started.
    fn headers_mut(&mut self) -> Result<&mut HeaderMap, FeatureError> {
        Ok(&mut self.head_mut()?.headers)
    }

    /// Registers a callback that runs just before the head is fixed, last registered first.
    ///
    /// # Errors
    /// Invalid state: the response has started.
    fn on_starting(&mut self, callback: StartingCallback) -> Result<(), FeatureError> {
        if self.has_started() {
            return Err(started("register a starting callback"));
        }
        self.callbacks_mut().push_starting(callback);
        Ok(())
    }

    /// Registers a callback that runs when the response is completed, last registered first.
    fn on_completed(&mut self, callback: CompletedCallback) {
        self.callbacks_mut().push_completed(callback);
    }
}

/// The error of everything that comes too late.
pub(super) fn started(action: &str) -> FeatureError {
    FeatureError::invalid_state(format!("cannot {action}: the response has already started"))
}
