//! The writer's side: the response, and an upgraded connection.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::FeatureError;
use http::{HeaderMap, StatusCode};

use super::{Exchange, Phase, State, gone};
use crate::operation::HeadToSend;

impl Exchange {
    /// Takes an interim response.
    pub(crate) fn inform(
        self: &Arc<Self>,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<(), FeatureError> {
        let mut state = self.lock();
        state.check_open()?;
        if state.write.is_head_begun || state.write.content.head.is_some() {
            return Err(FeatureError::invalid_state(
                "cannot send an interim response: the response has already started",
            ));
        }
        state.write.content.interim.push((status, headers.clone()));
        drop(state);
        self.pump();
        Ok(())
    }

    /// Takes the head of the response, or of the answer to an upgrade.
    pub(crate) fn write_head(self: &Arc<Self>, head: HeadToSend) -> Result<(), FeatureError> {
        let mut state = self.lock();
        state.check_open()?;
        if head.is_upgrade {
            state.phase = Phase::Upgrading;
        }
        state.write.content.head = Some(head);
        drop(state);
        self.pump();
        Ok(())
    }

    /// Takes data once there is room for it.
    pub(crate) fn poll_write(
        self: &Arc<Self>,
        cx: &mut Context<'_>,
        data: &mut Bytes,
    ) -> Poll<Result<(), FeatureError>> {
        let mut state = self.lock();
        state.check_open()?;
        if !state.write.has_room() {
            state.write.waker = Some(cx.waker().clone());
            drop(state);
            // Whoever polls the application need not be who polls this.
            self.pump();
            return Poll::Pending;
        }
        state.write.push(std::mem::take(data));
        drop(state);
        self.pump();
        Poll::Ready(Ok(()))
    }

    /// Completes when everything written has been handed to the transport.
    pub(crate) fn poll_flush(self: &Arc<Self>, cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        let mut state = self.lock();
        state.check_open()?;
        if state.write.is_empty() {
            return Poll::Ready(Ok(()));
        }
        state.write.waker = Some(cx.waker().clone());
        drop(state);
        self.pump();
        let mut state = self.lock();
        state.check_open()?;
        if state.write.is_empty() {
            state.write.waker = None;
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    }

    /// Ends the response, or this side of an upgraded connection.
    pub(crate) fn end(self: &Arc<Self>, trailers: Option<HeaderMap>) -> Result<(), FeatureError> {
        let mut state = self.lock();
        state.check_open()?;
        if !state.write.is_ended {
            state.write.end(trailers);
        }
        drop(state);
        self.pump();
        Ok(())
    }

    /// Completes when the 101 has been sent.
    pub(crate) fn poll_upgraded(self: &Arc<Self>, cx: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        let mut state = self.lock();
        state.check_open()?;
        if state.phase == Phase::Upgraded {
            return Poll::Ready(Ok(()));
        }
        state.write.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Nobody has the upgraded connection any more.
    pub(crate) fn leave_stream(self: &Arc<Self>) {
        self.lock().phase = Phase::Left;
        self.pump();
    }
}

impl State {
    fn check_open(&self) -> Result<(), FeatureError> {
        if self.is_disconnected || self.aborted.is_some() || self.is_finished {
            return Err(gone(self.is_disconnected));
        }
        Ok(())
    }
}
