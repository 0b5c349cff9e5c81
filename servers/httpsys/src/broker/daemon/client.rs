//! One attached process.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use falconry_features::{CancellationToken, Deadline};
use tokio::{net::UnixStream, sync::mpsc};

use super::{Shared, exchange, orphans::Orphan, peer::Peer};
use crate::{
    UrlPrefix,
    broker::wire::{
        Call, Frame, FrameKind, Frames, GroupProperty, Outbox, Outcome, authentication, encode_request,
        limits,
    },
    driver::{
        Driver, RequestQueue, RequestQueueOptions, ServerSession, UrlGroup, UrlGroupProperty, Win32Error,
    },
};

/// A process, and everything that is its own.
pub(super) struct Client {
    shared: Arc<Shared>,
    peer: Peer,
    groups: HashMap<u64, Arc<dyn UrlGroup>>,
    queues: HashMap<u64, Arc<dyn RequestQueue>>,
    requests: Arc<Requests>,
    /// Connections that wait for their end do not wait any longer.
    ends: CancellationToken,
    /// The process has gone.
    gone: CancellationToken,
    has_closed: bool,
}

/// The requests that a process has received.
#[derive(Default)]
struct Requests {
    running: Mutex<HashMap<u64, mpsc::UnboundedSender<Frame>>>,
    last: AtomicU64,
}

impl Client {
    pub(super) fn new(shared: Arc<Shared>, peer: Peer) -> Self {
        Self {
            shared,
            peer,
            groups: HashMap::new(),
            queues: HashMap::new(),
            requests: Arc::default(),
            ends: CancellationToken::new(),
            gone: CancellationToken::new(),
            has_closed: false,
        }
    }

    pub(super) async fn run(mut self, socket: UnixStream) {
        let (read, write) = socket.into_split();
        let (outbox, writing) = Outbox::new(write);
        tokio::spawn(writing);
        let Ok(session) = self.shared.driver.create_server_session().await else { return };
        let mut frames = Frames::new(read);
        tracing::info!(process = self.peer.process, user = self.peer.user, "a process has attached");
        while let Some(frame) = frames.next().await {
            match frame.kind {
                FrameKind::Call => self.call(frame, &session, &outbox).await,
                FrameKind::Receive => self.receive(frame.number, &outbox),
                _ => self.requests.pass(frame),
            }
        }
        self.end(session).await;
    }

    async fn call(&mut self, frame: Frame, session: &Arc<dyn ServerSession>, outbox: &Outbox) {
        let number = frame.number;
        let outbox = outbox.clone();
        let answer = move |result| {
            if let Ok(content) = serde_json::to_vec(&Outcome::of(result)) {
                outbox.send(Frame::new(FrameKind::Result, number, content));
            }
        };
        match serde_json::from_slice(&frame.content) {
            Ok(Call::CloseSession { at_once }) => {
                self.has_closed = true;
                if at_once {
                    self.ends.cancel();
                }
                let (session, deadline) = (Arc::clone(session), Deadline::on(self.ends.clone(), None));
                self.groups.clear();
                // Connections may take their time; meanwhile their responses come.
                tokio::spawn(async move { answer(session.close(deadline).await.map(|()| true)) });
            }
            Ok(call) => answer(self.perform(call, session).await),
            Err(_) => answer(Err(Win32Error::INVALID_FUNCTION)),
        }
    }

    async fn perform(&mut self, call: Call, session: &Arc<dyn ServerSession>) -> Result<bool, Win32Error> {
        match call {
            Call::OpenQueue { queue, name, opens_existing } => {
                let flags = Call::flags(opens_existing);
                let options = RequestQueueOptions { name, flags, security_descriptor: None };
                let handle = self.shared.driver.create_request_queue(options).await?;
                self.queues.insert(queue, handle);
            }
            Call::SetQueue { queue, property } => self.queue(queue)?.set_property(property.into()).await?,
            Call::CloseQueue { queue } => {
                if let Some(queue) = self.queues.remove(&queue) {
                    queue.close().await?;
                }
            }
            Call::CreateGroup { group } => {
                let handle = session.create_url_group().await?;
                self.groups.insert(group, handle);
            }
            Call::AddUrl { group, url, context } => {
                let prefix: UrlPrefix = url.parse().map_err(|_| Win32Error::INVALID_PARAMETER)?;
                self.shared.orphans.make_way(self.peer.user, &prefix).await;
                self.group(group)?.add_url(&url, context).await?;
            }
            Call::RemoveUrl { group, url } => self.group(group)?.remove_url(&url).await?,
            Call::SetGroup { group, property } => {
                let property = self.property(property)?;
                self.group(group)?.set_property(property).await?;
            }
            Call::IsRegistered { group, url, queue } => {
                return self.group(group)?.is_registered_for(&url, self.queue(queue)?).await;
            }
            Call::CloseGroup { group } => {
                if let Some(group) = self.groups.remove(&group) {
                    group.close().await?;
                }
            }
            Call::CloseSession { .. } => return Err(Win32Error::INVALID_FUNCTION),
        }
        Ok(true)
    }

    fn property(&self, property: GroupProperty) -> Result<UrlGroupProperty, Win32Error> {
        Ok(match property {
            GroupProperty::Binding(None) => UrlGroupProperty::Binding(None),
            GroupProperty::Binding(Some(queue)) => {
                UrlGroupProperty::Binding(Some(Arc::clone(self.queue(queue)?)))
            }
            GroupProperty::Enabled(is_enabled) => UrlGroupProperty::Enabled(is_enabled),
            GroupProperty::MaxConnections(max) => UrlGroupProperty::MaxConnections(max),
            GroupProperty::Timeouts(times, rate) => UrlGroupProperty::Timeouts(limits(times, rate)),
            GroupProperty::Authentication(schemes) => {
                UrlGroupProperty::Authentication(authentication(schemes))
            }
        })
    }

    fn queue(&self, number: u64) -> Result<&Arc<dyn RequestQueue>, Win32Error> {
        self.queues.get(&number).ok_or(Win32Error::INVALID_HANDLE)
    }

    fn group(&self, number: u64) -> Result<&Arc<dyn UrlGroup>, Win32Error> {
        self.groups.get(&number).ok_or(Win32Error::INVALID_HANDLE)
    }

    /// One more request of a queue is waited for.
    fn receive(&self, number: u64, outbox: &Outbox) {
        let Some(queue) = self.queues.get(&number).cloned() else { return };
        let (requests, outbox, gone) = (Arc::clone(&self.requests), outbox.clone(), self.gone.clone());
        tokio::spawn(async move {
            let received = tokio::select! {
                received = queue.receive() => received,
                () = gone.cancelled() => return,
            };
            // A queue that was closed has no more requests.
            let Ok(received) = received else { return };
            drop(queue);
            let (request, frames) = requests.begin();
            outbox.send(Frame::new(FrameKind::Request, request, encode_request(number, &received.request)));
            exchange::run(received.handle, request, frames, &outbox).await;
            requests.end(request);
        });
    }

    /// The process has gone. What it has not closed itself it has not meant to: its prefixes stay for a while.
    async fn end(mut self, session: Arc<dyn ServerSession>) {
        tracing::info!(process = self.peer.process, "a process has gone");
        self.gone.cancel();
        self.requests.end_all();
        for (_, queue) in self.queues.drain() {
            // A queue that cannot be closed is closed.
            let _ = queue.close().await;
        }
        if self.has_closed {
            return;
        }
        let groups = self.groups.drain().map(|(_, group)| group).collect();
        let orphan = Orphan { user: self.peer.user, session, groups };
        self.shared.orphans.keep(orphan, self.shared.options.orphans).await;
    }
}

impl Requests {
    fn begin(&self) -> (u64, mpsc::UnboundedReceiver<Frame>) {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, frames) = mpsc::unbounded_channel();
        self.lock().insert(number, sender);
        (number, frames)
    }

    /// Gives a frame to its request; one that has ended needs none.
    fn pass(&self, frame: Frame) {
        if let Some(request) = self.lock().get(&frame.number) {
            // It may be ending.
            let _ = request.send(frame);
        }
    }

    fn end(&self, number: u64) {
        self.lock().remove(&number);
    }

    fn end_all(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, mpsc::UnboundedSender<Frame>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
