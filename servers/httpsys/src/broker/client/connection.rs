//! The attachment to a broker, which outlives the broker: what holds there is said again to the one that comes after.

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use falconry_features::{BoxError, CancellationToken};

use super::{failure::AttachError, journal::Journal, link::Link, queue::Inbox, request::BrokerRequest};
use crate::{
    broker::wire::{Call, Frame, FrameKind, Frames, decode_request},
    driver::{ReceivedRequest, Win32Error},
};

/// How long is waited before the next try to attach again: twice as long each time.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How long a try may take.
const LONGEST_TRY: Duration = Duration::from_secs(30);

/// An attachment. Dropping the last handle ends it.
pub(super) struct Connection {
    path: PathBuf,
    state: Mutex<State>,
    queues: Mutex<HashMap<u64, Arc<Inbox>>>,
    last_number: AtomicU64,
    ends: CancellationToken,
}

#[derive(Default)]
struct State {
    /// There while the broker is, and has heard what holds.
    link: Option<Arc<Link>>,
    journal: Journal,
}

impl Connection {
    pub(super) async fn open(path: &Path) -> Result<Arc<Self>, AttachError> {
        let (link, frames) = Link::open(path).await?;
        let connection = Arc::new(Self {
            path: path.to_owned(),
            state: Mutex::new(State { link: Some(Arc::clone(&link)), journal: Journal::default() }),
            queues: Mutex::default(),
            last_number: AtomicU64::new(0),
            ends: CancellationToken::new(),
        });
        tokio::spawn(read_all(frames, Arc::downgrade(&link), Arc::downgrade(&connection)));
        Ok(connection)
    }

    /// False while the broker has gone.
    pub(super) fn is_open(&self) -> bool {
        self.link().is_some()
    }

    /// A number that nothing of this attachment has had.
    pub(super) fn next_number(&self) -> u64 {
        self.last_number.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Asks for one more request of a queue; false while the broker has gone.
    pub(super) fn receive(&self, queue: u64) -> bool {
        let receive = Frame::new(FrameKind::Receive, queue, Vec::new());
        self.link().is_some_and(|link| link.send(receive).is_ok())
    }

    /// Calls the broker and waits for what that gives. What was taken back while the broker has gone is.
    pub(super) async fn call(&self, call: &Call) -> Result<bool, Win32Error> {
        let takes_back = Journal::takes_back(call);
        let link = {
            let mut state = lock(&self.state);
            if takes_back {
                state.journal.note(call);
            }
            state.link.clone()
        };
        let called = match &link {
            Some(link) => link.call(self.next_number(), call).await,
            None => Err(Win32Error::SERVICE_NOT_ACTIVE),
        };
        match called {
            Ok(answer) => {
                let mut state = lock(&self.state);
                if let (Some(link), Some(current)) = (&link, &state.link)
                    && !Arc::ptr_eq(link, current)
                {
                    // The broker that has heard it has gone, and the next one was told without it.
                    return Err(Win32Error::SERVICE_NOT_ACTIVE);
                }
                if !takes_back {
                    state.journal.note(call);
                }
                Ok(answer)
            }
            Err(Win32Error::SERVICE_NOT_ACTIVE) if takes_back => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Calls the broker without waiting.
    pub(super) fn tell(&self, call: &Call) {
        let link = {
            let mut state = lock(&self.state);
            state.journal.note(call);
            state.link.clone()
        };
        if let (Some(link), Ok(content)) = (link, serde_json::to_vec(call)) {
            // A broker that has gone has forgotten everything.
            let _ = link.send(Frame::new(FrameKind::Call, self.next_number(), content));
        }
    }

    /// Requests of the queue go to `inbox`.
    pub(super) fn add_queue(&self, queue: u64, inbox: Arc<Inbox>) {
        lock(&self.queues).insert(queue, inbox);
    }

    pub(super) fn remove_queue(&self, queue: u64) {
        lock(&self.queues).remove(&queue);
    }

    fn link(&self) -> Option<Arc<Link>> {
        lock(&self.state).link.clone()
    }

    fn take_request(&self, frame: Frame, link: &Arc<Link>) {
        let number = frame.number;
        let Ok((queue, request)) = decode_request(frame.content) else {
            tracing::warn!("the broker sends a request that cannot be read");
            // Nobody will answer it. A broker that has gone has forgotten it.
            let _ = link.send(Frame::new(FrameKind::Release, number, Vec::new()));
            return;
        };
        let handle = BrokerRequest::new(Arc::clone(link), number, request.tls.clone());
        link.add_request(number, &handle);
        let inbox = lock(&self.queues).get(&queue).cloned();
        if let Some(inbox) = inbox {
            inbox.put(ReceivedRequest { request, handle });
        }
    }

    /// The connection has ended.
    fn lose(self: &Arc<Self>, link: &Arc<Link>) {
        let mut state = lock(&self.state);
        if !state.link.as_ref().is_some_and(|current| Arc::ptr_eq(current, link)) {
            return;
        }
        state.link = None;
        let is_missed = !state.journal.is_empty();
        drop(state);
        self.inboxes().iter().for_each(|inbox| inbox.clear());
        if is_missed {
            let path = self.path.display();
            tracing::warn!(%path, "BrokerLost: the broker has gone; its prefixes are registered again when it is back");
            tokio::spawn(attach_again(Arc::downgrade(self), self.ends.clone()));
        }
    }

    /// Attaches again if the broker is back: says to it what held before.
    async fn try_attach(self: &Arc<Self>) -> Result<(), BoxError> {
        let (calls, version) = {
            let state = lock(&self.state);
            (state.journal.calls().to_vec(), state.journal.version())
        };
        if calls.is_empty() {
            return Ok(());
        }
        let opened = Link::open(&self.path).await;
        let (link, frames) = opened.map_err(|error| error.tell(&self.path))?;
        tokio::spawn(read_all(frames, Arc::downgrade(&link), Arc::downgrade(self)));
        if let Err(error) = self.say_again(&calls, &link).await {
            // What it has taken must not wait for this process as that of a dead one does.
            for call in &calls {
                if let Call::CreateSession { session } = *call {
                    let _ =
                        link.call(self.next_number(), &Call::CloseSession { session, at_once: true }).await;
                }
            }
            return Err(error);
        }
        {
            let mut state = lock(&self.state);
            if state.journal.version() != version || !link.is_open() {
                // What was taken back meanwhile must not be said.
                return Err(Win32Error::OPERATION_ABORTED.into());
            }
            state.link = Some(link);
        }
        self.inboxes().iter().for_each(|inbox| inbox.ask_again());
        let prefixes = calls.iter().filter(|call| matches!(call, Call::AddUrl { .. })).count();
        let path = self.path.display();
        tracing::info!(%path, prefixes, "BrokerAttached: the broker is back, and the prefixes are registered again");
        Ok(())
    }

    async fn say_again(&self, calls: &[Call], link: &Link) -> Result<(), BoxError> {
        for call in calls {
            let called = link.call(self.next_number(), call).await;
            called.map_err(|error| format!("it is back and refuses {call:?}: {error}"))?;
        }
        Ok(())
    }

    fn inboxes(&self) -> Vec<Arc<Inbox>> {
        lock(&self.queues).values().cloned().collect()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.ends.cancel();
    }
}

/// Tries until the broker is back, or nobody needs it any more.
async fn attach_again(connection: Weak<Connection>, ends: CancellationToken) {
    let mut wait = FIRST_WAIT;
    let mut last = String::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = ends.cancelled() => return,
        }
        wait = (2 * wait).min(LONGEST_WAIT);
        let Some(connection) = connection.upgrade() else { return };
        match tokio::time::timeout(LONGEST_TRY, connection.try_attach()).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => {
                let error = error.to_string();
                // Once for each reason: it may take long.
                if error != last {
                    tracing::warn!("BrokerAttachFailed: the broker cannot be attached to yet: {error}");
                }
                last = error;
            }
            Err(_) => tracing::warn!("BrokerAttachFailed: the broker does not answer"),
        }
    }
}

/// Gives what the broker sends to whom it is for, until the connection ends.
async fn read_all(mut frames: Frames, link: Weak<Link>, connection: Weak<Connection>) {
    while let Some(frame) = frames.next().await {
        // The last handle has gone: so has everybody who could be told.
        let Some(link) = link.upgrade() else { return };
        match frame.kind {
            FrameKind::Result => link.take_result(&frame),
            FrameKind::Request => {
                let Some(connection) = connection.upgrade() else { return };
                connection.take_request(frame, &link);
            }
            FrameKind::Body | FrameKind::BodyEnd | FrameKind::Sent | FrameKind::Gone => {
                if let Some(request) = link.request(frame.number) {
                    request.take(frame);
                }
            }
            // Those are a client's to send.
            _ => tracing::warn!(kind = ?frame.kind, "the broker sends what only clients send"),
        }
    }
    let Some(link) = link.upgrade() else { return };
    link.close();
    if let Some(connection) = connection.upgrade() {
        connection.lose(&link);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}

pub(super) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
