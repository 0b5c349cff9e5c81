//! The connection to the broker, and what comes from there.

use std::{
    collections::HashMap,
    fmt, io,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::{net::UnixStream, sync::oneshot};

use super::{queue::Inbox, request::BrokerRequest};
use crate::{
    broker::wire::{Call, Frame, FrameKind, Frames, Outbox, Outcome, decode_request},
    driver::{ReceivedRequest, Win32Error},
};

/// A connection. Dropping the last handle closes it.
pub(super) struct Connection {
    outbox: Outbox,
    shared: Arc<Shared>,
    last_number: AtomicU64,
}

#[derive(Default)]
struct Shared {
    is_closed: AtomicBool,
    calls: Mutex<HashMap<u64, oneshot::Sender<Outcome>>>,
    queues: Mutex<HashMap<u64, Arc<Inbox>>>,
    requests: Mutex<HashMap<u64, Weak<BrokerRequest>>>,
}

impl Connection {
    pub(super) async fn open(path: &Path) -> io::Result<Arc<Self>> {
        let (read, write) = UnixStream::connect(path).await?.into_split();
        let (outbox, writing) = Outbox::new(write);
        let shared = Arc::<Shared>::default();
        tokio::spawn(writing);
        let connection =
            Arc::new(Self { outbox, shared: Arc::clone(&shared), last_number: AtomicU64::new(0) });
        tokio::spawn(read_all(Frames::new(read), shared, Arc::downgrade(&connection)));
        Ok(connection)
    }

    /// False once the broker has gone.
    pub(super) fn is_open(&self) -> bool {
        !self.shared.is_closed.load(Ordering::Acquire)
    }

    /// A number that nothing on this connection has had.
    pub(super) fn next_number(&self) -> u64 {
        self.last_number.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Sends a frame; an error if the broker has gone.
    pub(super) fn send(&self, frame: Frame) -> Result<(), Win32Error> {
        match self.is_open() && self.outbox.send(frame) {
            true => Ok(()),
            false => Err(Win32Error::SERVICE_NOT_ACTIVE),
        }
    }

    /// Calls the broker and waits for what that gives.
    pub(super) async fn call(&self, call: &Call) -> Result<Outcome, Win32Error> {
        let number = self.next_number();
        let (sender, outcome) = oneshot::channel();
        lock(&self.shared.calls).insert(number, sender);
        let content = serde_json::to_vec(call).map_err(|_| Win32Error::INVALID_PARAMETER)?;
        let sent = self.send(Frame::new(FrameKind::Call, number, content));
        if let Err(error) = sent {
            lock(&self.shared.calls).remove(&number);
            return Err(error);
        }
        outcome.await.map_err(|_| Win32Error::SERVICE_NOT_ACTIVE)
    }

    /// Calls the broker without waiting.
    pub(super) fn tell(&self, call: &Call) {
        if let Ok(content) = serde_json::to_vec(call) {
            // A broker that has gone has forgotten everything.
            let _ = self.send(Frame::new(FrameKind::Call, self.next_number(), content));
        }
    }

    /// Requests of the queue go to `inbox`.
    pub(super) fn add_queue(&self, queue: u64, inbox: Arc<Inbox>) {
        lock(&self.shared.queues).insert(queue, inbox);
    }

    pub(super) fn remove_queue(&self, queue: u64) {
        lock(&self.shared.queues).remove(&queue);
    }

    pub(super) fn remove_request(&self, number: u64) {
        lock(&self.shared.requests).remove(&number);
    }
}

async fn read_all(mut frames: Frames, shared: Arc<Shared>, connection: Weak<Connection>) {
    while let Some(frame) = frames.next().await {
        // The last handle has gone: so has everybody who could be told.
        let Some(connection) = connection.upgrade() else { break };
        shared.take(frame, &connection);
    }
    shared.close();
}

impl Shared {
    fn take(&self, frame: Frame, connection: &Arc<Connection>) {
        match frame.kind {
            FrameKind::Result => {
                let waiting = lock(&self.calls).remove(&frame.number);
                if let (Some(waiting), Ok(outcome)) = (waiting, serde_json::from_slice(&frame.content)) {
                    // Whoever called may not wait any more.
                    let _ = waiting.send(outcome);
                }
            }
            FrameKind::Request => self.take_request(frame, connection),
            FrameKind::Body | FrameKind::BodyEnd | FrameKind::Sent | FrameKind::Gone => {
                let request = lock(&self.requests).get(&frame.number).and_then(Weak::upgrade);
                if let Some(request) = request {
                    request.take(frame);
                }
            }
            // Those are a client's to send.
            _ => tracing::warn!(kind = ?frame.kind, "the broker sends what only clients send"),
        }
    }

    fn take_request(&self, frame: Frame, connection: &Arc<Connection>) {
        let number = frame.number;
        let Ok((queue, request)) = decode_request(frame.content) else {
            tracing::warn!("the broker sends a request that cannot be read");
            return;
        };
        let handle = BrokerRequest::new(Arc::clone(connection), number, request.tls.clone());
        lock(&self.requests).insert(number, Arc::downgrade(&handle));
        let inbox = lock(&self.queues).get(&queue).cloned();
        if let Some(inbox) = inbox {
            inbox.put(ReceivedRequest { request, handle });
        }
    }

    fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        lock(&self.calls).clear();
        let queues: Vec<_> = lock(&self.queues).drain().collect();
        queues.iter().for_each(|(_, inbox)| inbox.close());
        let requests: Vec<_> = lock(&self.requests).drain().collect();
        requests.iter().filter_map(|(_, request)| request.upgrade()).for_each(|request| request.gone());
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
