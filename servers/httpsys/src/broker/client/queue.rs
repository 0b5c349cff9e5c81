//! A queue of the broker.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use falconry_features::BoxFuture;

use super::connection::Connection;
use crate::{
    broker::wire::Call,
    driver::{DriverFuture, ReceivedRequest, RequestQueue, RequestQueueProperty, Win32Error},
};

/// A handle of a queue.
pub(super) struct BrokerQueue {
    connection: Arc<Connection>,
    number: u64,
    inbox: Arc<Inbox>,
}

/// The requests that the broker has sent for receives of a queue.
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    requests: VecDeque<ReceivedRequest>,
    /// How many requests the broker has been asked for and has not sent.
    asked: usize,
    /// Which broker that is: each one that comes after another has the next number.
    broker: u64,
    waiting: Vec<Waker>,
    is_closed: bool,
}

impl Inbox {
    pub(super) fn put(&self, request: ReceivedRequest) {
        let mut state = self.lock();
        state.asked = state.asked.saturating_sub(1);
        if state.is_closed {
            // Dropped: the broker gives it up.
            return;
        }
        state.requests.push_back(request);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// The broker has gone, and the requests with it.
    pub(super) fn clear(&self) {
        let requests = std::mem::take(&mut self.lock().requests);
        drop(requests);
    }

    /// There is another broker: everybody who waits asks it.
    pub(super) fn ask_again(&self) {
        let mut state = self.lock();
        state.asked = 0;
        state.broker += 1;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let requests = std::mem::take(&mut state.requests);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(requests);
        waiting.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BrokerQueue {
    pub(super) fn new(connection: Arc<Connection>, number: u64) -> Self {
        let inbox = Arc::<Inbox>::default();
        connection.add_queue(number, Arc::clone(&inbox));
        Self { connection, number, inbox }
    }

    /// Its number, if it is a queue of this attachment.
    pub(super) fn number_on(&self, connection: &Arc<Connection>) -> Option<u64> {
        Arc::ptr_eq(&self.connection, connection).then_some(self.number)
    }

    fn end(&self) {
        self.connection.remove_queue(self.number);
        self.inbox.close();
    }
}

impl RequestQueue for BrokerQueue {
    fn set_property(&self, property: RequestQueueProperty) -> DriverFuture<'_, ()> {
        Box::pin(async move {
            let call = Call::SetQueue { queue: self.number, property: property.into() };
            self.connection.call(&call).await.map(drop)
        })
    }

    fn receive(&self) -> BoxFuture<'_, Result<ReceivedRequest, Win32Error>> {
        Box::pin(Receive { queue: self, asked: None })
    }

    fn shutdown(&self) -> Result<(), Win32Error> {
        self.end();
        Ok(())
    }

    fn close(&self) -> DriverFuture<'_, ()> {
        Box::pin(async move {
            self.end();
            self.connection.call(&Call::CloseQueue { queue: self.number }).await.map(drop)
        })
    }
}

impl Drop for BrokerQueue {
    fn drop(&mut self) {
        self.end();
        self.connection.tell(&Call::CloseQueue { queue: self.number });
    }
}

/// Waits for a request. What it has asked the broker for, and does not take, the next one takes.
struct Receive<'a> {
    queue: &'a BrokerQueue,
    /// The number of the broker that it has asked.
    asked: Option<u64>,
}

impl Future for Receive<'_> {
    type Output = Result<ReceivedRequest, Win32Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let queue = self.queue;
        let mut state = queue.inbox.lock();
        if state.is_closed {
            return Poll::Ready(Err(Win32Error::OPERATION_ABORTED));
        }
        if let Some(request) = state.requests.pop_front() {
            return Poll::Ready(Ok(request));
        }
        let is_due = self.asked != Some(state.broker) || state.asked == 0;
        // While the broker has gone everybody waits for the next one.
        if is_due && queue.connection.receive(queue.number) {
            self.asked = Some(state.broker);
            state.asked += 1;
        }
        if !state.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            state.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl fmt::Debug for BrokerQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerQueue").field("number", &self.number).finish_non_exhaustive()
    }
}
