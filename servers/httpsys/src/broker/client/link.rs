//! One connection to a broker, and what goes when it does.

use std::{
    collections::HashMap,
    fmt,
    path::Path,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{net::UnixStream, sync::oneshot};

use super::{connection::lock, failure::AttachError, request::BrokerRequest};
use crate::{
    broker::wire::{
        Call, Frame, FrameKind, Frames, MAX_CONTENT, Malformed, Outbox, Outcome, PROTOCOL, hello, version_of,
    },
    driver::Win32Error,
};

/// How long a broker may take to say hello.
const HELLO_LIMIT: Duration = Duration::from_secs(30);

/// A connection that is there, or was. Dropping the last handle closes it.
pub(super) struct Link {
    outbox: Outbox,
    is_closed: AtomicBool,
    calls: Mutex<HashMap<u64, oneshot::Sender<Outcome>>>,
    requests: Mutex<HashMap<u64, Weak<BrokerRequest>>>,
}

impl Link {
    /// Connects and says hello; the frames are the caller's to read.
    pub(super) async fn open(path: &Path) -> Result<(Arc<Self>, Frames), AttachError> {
        let (read, write) = UnixStream::connect(path).await.map_err(AttachError::Connect)?.into_split();
        let (outbox, writing) = Outbox::new(write);
        tokio::spawn(writing);
        let mut frames = Frames::new(read);
        outbox.send(hello());
        let first = tokio::time::timeout(HELLO_LIMIT, frames.try_next());
        match first.await.map_err(|_| AttachError::Silent)? {
            Ok(Some(frame)) if version_of(&frame) == Some(PROTOCOL.into()) => {}
            Ok(Some(frame)) => return Err(AttachError::of(&frame)),
            Ok(None) | Err(Malformed) => return Err(AttachError::NoBroker),
        }
        let link = Self {
            outbox,
            is_closed: AtomicBool::new(false),
            calls: Mutex::default(),
            requests: Mutex::default(),
        };
        Ok((Arc::new(link), frames))
    }

    /// False once the broker has gone.
    pub(super) fn is_open(&self) -> bool {
        !self.is_closed.load(Ordering::Acquire)
    }

    /// Sends a frame; an error if the broker has gone, or would not take it for its size.
    pub(super) fn send(&self, frame: Frame) -> Result<(), Win32Error> {
        if frame.content.len() > MAX_CONTENT {
            return Err(Win32Error::INSUFFICIENT_BUFFER);
        }
        match self.is_open() && self.outbox.send(frame) {
            true => Ok(()),
            false => Err(Win32Error::SERVICE_NOT_ACTIVE),
        }
    }

    /// Calls the broker under a number that no call has had, and waits for what that gives.
    pub(super) async fn call(&self, number: u64, call: &Call) -> Result<bool, Win32Error> {
        let (sender, outcome) = oneshot::channel();
        let content = serde_json::to_vec(call).map_err(|_| Win32Error::INVALID_PARAMETER)?;
        lock(&self.calls).insert(number, sender);
        if let Err(error) = self.send(Frame::new(FrameKind::Call, number, content)) {
            lock(&self.calls).remove(&number);
            return Err(error);
        }
        if !self.is_open() {
            // It has closed in between, and may not have seen this call.
            lock(&self.calls).remove(&number);
        }
        outcome.await.map_err(|_| Win32Error::SERVICE_NOT_ACTIVE)?.result()
    }

    /// What a call has given.
    pub(super) fn take_result(&self, frame: &Frame) {
        let waiting = lock(&self.calls).remove(&frame.number);
        if let (Some(waiting), Ok(outcome)) = (waiting, serde_json::from_slice(&frame.content)) {
            // Whoever called may not wait any more.
            let _ = waiting.send(outcome);
        }
    }

    pub(super) fn add_request(&self, number: u64, request: &Arc<BrokerRequest>) {
        lock(&self.requests).insert(number, Arc::downgrade(request));
    }

    pub(super) fn remove_request(&self, number: u64) {
        lock(&self.requests).remove(&number);
    }

    pub(super) fn request(&self, number: u64) -> Option<Arc<BrokerRequest>> {
        lock(&self.requests).get(&number).and_then(Weak::upgrade)
    }

    /// The broker has gone: so have the calls and requests under way.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        lock(&self.calls).clear();
        let requests: Vec<_> = lock(&self.requests).drain().collect();
        requests.iter().filter_map(|(_, request)| request.upgrade()).for_each(|request| request.gone());
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}
