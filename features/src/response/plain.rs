//! A plain response head for any server.

use std::sync::Arc;

use http::HeaderMap;

use super::{HttpResponseFeature, ResponseCallbacks, ResponseHead, message::started};
use crate::FeatureError;

/// The plain [`HttpResponseFeature`].
///
/// The head lives behind an [`Arc`] that is shared from the start of the response on: that alone
/// makes it read-only, and hands it to the server without a copy.
///
/// ```
/// use falconry_features::{HttpResponseFeature, PlainResponse};
///
/// let mut response = PlainResponse::default();
/// response.set_status_code(http::StatusCode::CREATED).unwrap();
/// let head = response.begin().unwrap();
/// assert_eq!(head.status, 201);
/// assert!(response.headers_mut().unwrap_err().is_invalid_state());
/// ```
#[derive(Debug, Default)]
pub struct PlainResponse {
    head: Arc<ResponseHead>,
    state: State,
    callbacks: ResponseCallbacks,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    Started,
    Failed,
}

impl PlainResponse {
    /// Takes the head out of a finished response without a copy if nobody else holds it, and makes
    /// this response fit for the next request.
    pub fn recycle(&mut self) -> ResponseHead {
        self.recycle_with(HeaderMap::new())
    }

    /// As [`recycle`](Self::recycle), with storage for the next response's fields, which is cleared.
    pub fn recycle_with(&mut self, mut storage: HeaderMap) -> ResponseHead {
        storage.clear();
        self.state = State::Open;
        self.callbacks.clear();
        let next = ResponseHead { headers: storage, ..ResponseHead::default() };
        match Arc::get_mut(&mut self.head) {
            Some(head) => std::mem::replace(head, next),
            None => Arc::unwrap_or_clone(std::mem::replace(&mut self.head, Arc::new(next))),
        }
    }
}

impl HttpResponseFeature for PlainResponse {
    fn head(&self) -> &ResponseHead {
        &self.head
    }

    fn head_mut(&mut self) -> Result<&mut ResponseHead, FeatureError> {
        if self.state == State::Started {
            return Err(started("change the head"));
        }
        Ok(Arc::make_mut(&mut self.head))
    }

    fn has_started(&self) -> bool {
        self.state == State::Started
    }

    fn callbacks_mut(&mut self) -> &mut ResponseCallbacks {
        &mut self.callbacks
    }

    fn begin(&mut self) -> Result<Arc<ResponseHead>, FeatureError> {
        match self.state {
            State::Open => {
                self.state = State::Started;
                Ok(Arc::clone(&self.head))
            }
            State::Started => Err(started("start it")),
            State::Failed => {
                Err(FeatureError::aborted("the response cannot start: a starting callback failed"))
            }
        }
    }

    fn fail(&mut self) {
        self.state = State::Failed;
        self.callbacks.clear_starting();
    }

    fn has_failed(&self) -> bool {
        self.state == State::Failed
    }

    fn clear(&mut self) -> &mut ResponseHead {
        self.state = State::Open;
        self.callbacks.clear_starting();
        let head = Arc::make_mut(&mut self.head);
        head.clear();
        head
    }
}
