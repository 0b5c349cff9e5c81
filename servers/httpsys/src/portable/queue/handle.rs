//! A queue in the hands of somebody who opened it.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, Weak},
    task::{Context, Poll},
};

use falconry_features::BoxFuture;

use super::{Parked, Queue, State};
use crate::{
    driver::{
        DriverFuture, InlineReceiver, ReceivedRequest, RequestHandle, RequestQueue, RequestQueueProperty,
        Win32Error,
    },
    portable::{exchange::PortableRequest, lock, operations::ReceivedHandle, ready},
};

/// A queue in the hands of somebody who opened it.
pub(super) struct QueueHandle {
    pub(super) queue: Arc<Queue>,
    number: u64,
    is_for_delegation: bool,
    /// What was received and may not have been answered.
    received: Mutex<Vec<Weak<PortableRequest>>>,
}

impl QueueHandle {
    pub(super) fn new(queue: Arc<Queue>, number: u64, is_for_delegation: bool) -> Self {
        Self { queue, number, is_for_delegation, received: Mutex::default() }
    }

    fn check_open(&self, state: &State) -> Result<(), Win32Error> {
        match state.handles.contains(&self.number) {
            true => Ok(()),
            false if self.is_for_delegation => Err(Win32Error::INVALID_PARAMETER),
            false => Err(Win32Error::OPERATION_ABORTED),
        }
    }

    fn note_received(&self, request: &Arc<PortableRequest>) {
        let mut received = lock(&self.received);
        if received.len() == received.capacity() {
            received.retain(|request| request.strong_count() > 0);
        }
        received.push(Arc::downgrade(request));
    }

    fn end(&self) {
        self.queue.close_handle(self.number);
        let received = std::mem::take(&mut *lock(&self.received));
        for request in received.iter().filter_map(Weak::upgrade) {
            // One that has been answered does not mind.
            let _ = request.cancel();
            request.let_go();
        }
    }
}

impl RequestQueue for QueueHandle {
    fn set_property(&self, property: RequestQueueProperty) -> DriverFuture<'_, ()> {
        let mut state = lock(&self.queue.state);
        match property {
            RequestQueueProperty::Length(0) => return ready(Err(Win32Error::INVALID_PARAMETER)),
            RequestQueueProperty::Length(length) => state.length = length,
            RequestQueueProperty::Enabled(is_enabled) => state.is_enabled = is_enabled,
            RequestQueueProperty::Verbosity503(verbosity) => state.verbosity = verbosity,
        }
        ready(Ok(()))
    }

    fn receive(&self) -> BoxFuture<'_, Result<ReceivedRequest, Win32Error>> {
        Box::pin(Receive { handle: self, number: None })
    }

    fn set_inline_receiver(&self, receiver: Option<Arc<dyn InlineReceiver>>) -> bool {
        let mut state = lock(&self.queue.state);
        state.inline.retain(|(number, _)| *number != self.number);
        if let Some(receiver) = receiver
            && self.check_open(&state).is_ok()
        {
            state.inline.push_back((self.number, receiver));
        }
        true
    }

    fn shutdown(&self) -> Result<(), Win32Error> {
        self.queue.close_handle(self.number);
        Ok(())
    }

    fn close(&self) -> DriverFuture<'_, ()> {
        self.end();
        ready(Ok(()))
    }
}

impl Drop for QueueHandle {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits for a request.
struct Receive<'a> {
    handle: &'a QueueHandle,
    /// Its number among those that wait.
    number: Option<u64>,
}

impl Future for Receive<'_> {
    type Output = Result<ReceivedRequest, Win32Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let handle = self.handle;
        let mut state = lock(&handle.queue.state);
        if let Err(error) = handle.check_open(&state) {
            self.number = None;
            return Poll::Ready(Err(error));
        }
        if let Some(Parked { request, head }) = state.waiting.pop_front() {
            if let Some(number) = self.number.take() {
                state.receives.retain(|(other, _)| *other != number);
            }
            drop(state);
            request.received_by(handle.number);
            handle.note_received(&request);
            let handle: Arc<dyn RequestHandle> = Arc::new(ReceivedHandle(request));
            return Poll::Ready(Ok(ReceivedRequest { request: head, handle }));
        }
        let number = match self.number {
            Some(number) => number,
            None => state.next_number(),
        };
        match state.receives.iter_mut().find(|(other, _)| *other == number) {
            Some((_, waker)) => waker.clone_from(cx.waker()),
            None => state.receives.push_back((number, cx.waker().clone())),
        }
        drop(state);
        self.number = Some(number);
        Poll::Pending
    }
}

impl Drop for Receive<'_> {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let mut state = lock(&self.handle.queue.state);
        let before = state.receives.len();
        state.receives.retain(|(other, _)| *other != number);
        let was_woken = state.receives.len() == before;
        // It was to take a request: another one does.
        let next = if was_woken && !state.waiting.is_empty() { state.receives.pop_front() } else { None };
        drop(state);
        if let Some((_, waker)) = next {
            waker.wake();
        }
    }
}

impl fmt::Debug for QueueHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueHandle").field("queue", &self.queue).field("number", &self.number).finish()
    }
}
