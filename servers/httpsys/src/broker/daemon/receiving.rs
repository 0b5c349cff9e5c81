//! The requests that an attached process waits for, and those that it has.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use falconry_features::CancellationToken;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};

use super::exchange;
use crate::{
    broker::wire::{Frame, FrameKind, Outbox, encode_request},
    driver::{ReceivedRequest, RequestQueue},
};

/// How many requests a process may have at once; more wait in their queues.
const MOST_REQUESTS: usize = 65_536;

/// How many frames of one request may wait for it.
const FRAMES: usize = 8;

/// The requests of a process.
pub(super) struct Receiving {
    outbox: Outbox,
    running: Mutex<HashMap<u64, mpsc::Sender<Frame>>>,
    last: AtomicU64,
    free: Arc<Semaphore>,
    /// How many requests of each queue it waits for.
    queues: Mutex<HashMap<u64, Arc<Wanted>>>,
    /// The process has gone.
    gone: CancellationToken,
}

/// How many more requests of a queue are waited for: a number, whatever it is.
#[derive(Default)]
struct Wanted {
    count: AtomicU64,
    is_closed: AtomicBool,
    has_changed: Notify,
}

impl Receiving {
    pub(super) fn new(outbox: Outbox) -> Arc<Self> {
        Arc::new(Self {
            outbox,
            running: Mutex::default(),
            last: AtomicU64::new(0),
            free: Arc::new(Semaphore::new(MOST_REQUESTS)),
            queues: Mutex::default(),
            gone: CancellationToken::new(),
        })
    }

    /// One more request of a queue is waited for.
    pub(super) fn want(self: &Arc<Self>, number: u64, queue: &Arc<dyn RequestQueue>) {
        let mut queues = lock(&self.queues);
        let wanted = match queues.get(&number) {
            Some(wanted) => Arc::clone(wanted),
            None => {
                let wanted = Arc::<Wanted>::default();
                queues.insert(number, Arc::clone(&wanted));
                tokio::spawn(Arc::clone(self).receive_all(number, Arc::clone(queue), Arc::clone(&wanted)));
                wanted
            }
        };
        drop(queues);
        wanted.count.fetch_add(1, Ordering::AcqRel);
        wanted.has_changed.notify_one();
    }

    /// A queue has been closed.
    pub(super) fn close(&self, number: u64) {
        if let Some(wanted) = lock(&self.queues).remove(&number) {
            wanted.is_closed.store(true, Ordering::Release);
            wanted.has_changed.notify_one();
        }
    }

    /// Gives a frame to its request; one that has ended needs none.
    pub(super) async fn pass(&self, frame: Frame) {
        let request = lock(&self.running).get(&frame.number).cloned();
        if let Some(request) = request {
            // It may be ending.
            let _ = request.send(frame).await;
        }
    }

    /// The process has gone.
    pub(super) fn end(&self) {
        self.gone.cancel();
        lock(&self.running).clear();
    }

    /// Takes requests out of a queue until it is closed or the process has gone.
    async fn receive_all(self: Arc<Self>, number: u64, queue: Arc<dyn RequestQueue>, wanted: Arc<Wanted>) {
        let receive_all = async {
            while let Some(permit) = self.may_receive(&wanted).await {
                let Ok(received) = queue.receive().await else { return };
                wanted.count.fetch_sub(1, Ordering::AcqRel);
                self.begin(number, received, permit);
            }
        };
        tokio::select! {
            () = receive_all => {}
            () = self.gone.cancelled() => {}
        }
    }

    /// Completes when the process waits for a request and there is room for one, here and on its way; `None` once the
    /// queue is closed.
    async fn may_receive(&self, wanted: &Wanted) -> Option<OwnedSemaphorePermit> {
        loop {
            if wanted.is_closed.load(Ordering::Acquire) {
                return None;
            }
            if wanted.count.load(Ordering::Acquire) > 0 {
                break;
            }
            wanted.has_changed.notified().await;
        }
        let permit = Arc::clone(&self.free).acquire_owned().await.ok();
        self.outbox.room().await;
        permit
    }

    fn begin(self: &Arc<Self>, queue: u64, received: ReceivedRequest, permit: OwnedSemaphorePermit) {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, frames) = mpsc::channel(FRAMES);
        lock(&self.running).insert(number, sender);
        if self.gone.is_cancelled() {
            // Dropped: it is given up.
            lock(&self.running).remove(&number);
            return;
        }
        let this = Arc::clone(self);
        tokio::spawn(async move {
            this.outbox.send(Frame::new(
                FrameKind::Request,
                number,
                encode_request(queue, &received.request),
            ));
            exchange::run(received.handle, number, frames, &this.outbox).await;
            lock(&this.running).remove(&number);
            drop(permit);
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
