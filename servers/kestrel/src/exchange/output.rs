//! What the application has written and the protocol has not taken yet.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use falconry_features::{FeatureError, ResponseHead};
use http::HeaderMap;

/// The response on its way from the application to the protocol. Lives behind the lock of
/// [`ExchangeShared`](super::ExchangeShared).
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// The head, from the start of the response until the protocol takes it.
    pub(crate) head: Option<Arc<ResponseHead>>,
    /// Kept apart from the rest: most responses have one piece of body.
    first: Option<Bytes>,
    rest: VecDeque<Bytes>,
    buffered: usize,
    /// In a box, as few responses have any.
    pub(crate) trailers: Option<Box<HeaderMap>>,
    pub(crate) phase: Phase,
    writer: Option<Waker>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Unstarted,
    Started,
    Completed,
    /// Whatever is left must not be sent: the peer shall not take a part for the whole.
    Aborted,
}

impl Output {
    /// Forgets everything, keeping the storage.
    pub(crate) fn reset(&mut self) {
        let Self { head, first, rest, buffered, trailers, phase, writer } = self;
        (*head, *first, *trailers, *writer) = (None, None, None, None);
        rest.clear();
        *buffered = 0;
        *phase = Phase::Unstarted;
    }

    /// The response starts: its head can leave.
    pub(crate) fn start(&mut self, head: Arc<ResponseHead>) {
        if self.phase == Phase::Unstarted {
            self.phase = Phase::Started;
            self.head = Some(head);
        }
    }

    /// The response ends after what is waiting.
    pub(crate) fn complete(&mut self, trailers: Option<HeaderMap>) -> Result<(), FeatureError> {
        self.check_peer()?;
        self.trailers = trailers.map(Box::new);
        self.phase = Phase::Completed;
        Ok(())
    }

    /// Takes `data` unless more than `limit` bytes are waiting already.
    pub(crate) fn poll_push(
        &mut self,
        cx: &mut Context<'_>,
        data: &mut Bytes,
        limit: Option<usize>,
    ) -> Poll<Result<(), FeatureError>> {
        self.check_peer()?;
        if limit.is_some_and(|limit| self.buffered > limit) {
            self.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let data = std::mem::take(data);
        self.buffered += data.len();
        if self.first.is_none() && self.rest.is_empty() {
            self.first = Some(data);
        } else {
            self.rest.push_back(data);
        }
        Poll::Ready(Ok(()))
    }

    /// Completes when the protocol has taken the head and everything after it.
    pub(crate) fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        self.check_peer()?;
        if self.head.is_none() && self.is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Takes the next piece of the body and wakes a writer that waits for room.
    pub(crate) fn pop(&mut self) -> Option<Bytes> {
        let data = self.first.take().or_else(|| self.rest.pop_front())?;
        self.buffered -= data.len();
        self.wake_writer();
        Some(data)
    }

    /// Takes everything that is waiting.
    pub(crate) fn take_all(&mut self) -> (Option<Bytes>, VecDeque<Bytes>) {
        self.buffered = 0;
        (self.first.take(), std::mem::take(&mut self.rest))
    }

    /// Takes the only piece of the body, or that there is none; `None` if there are more, or some of
    /// the response has been taken.
    pub(crate) fn take_whole(&mut self) -> Option<Option<Bytes>> {
        if self.phase != Phase::Started || self.head.is_none() || !self.rest.is_empty() {
            return None;
        }
        self.buffered = 0;
        Some(self.first.take())
    }

    /// Gives the response up: writers fail from now on.
    pub(crate) fn abort(&mut self) {
        self.phase = Phase::Aborted;
        self.head = None;
        self.first = None;
        self.rest.clear();
        self.buffered = 0;
        self.wake_writer();
    }

    /// True if the application waits until what it has written is taken.
    pub(crate) fn has_waiting_writer(&self) -> bool {
        self.writer.is_some()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none() && self.rest.is_empty()
    }

    fn wake_writer(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }

    pub(crate) fn check_peer(&self) -> Result<(), FeatureError> {
        if self.phase == Phase::Aborted {
            return Err(FeatureError::aborted("the request has been aborted; nothing more can be sent"));
        }
        Ok(())
    }
}
