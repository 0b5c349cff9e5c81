//! What an attached process has open: sessions, url groups and queues, by the numbers that it has chosen.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use falconry_features::{CancellationToken, Deadline};

use super::{Shared, orphans::Orphan, owners::OpenQueue, peer::Peer};
use crate::{
    UrlPrefix,
    broker::wire::{Call, GroupProperty, QueueProperty, authentication, limits},
    driver::{
        Driver, RequestQueue, RequestQueueOptions, ServerSession, UrlGroup, UrlGroupProperty, Win32Error,
    },
};

/// How much a process may have open of each kind.
const MOST_HANDLES: usize = 1024;
const MOST_PREFIXES: usize = 10_000;

/// The longest prefix, in bytes.
const LONGEST_PREFIX: usize = 8 * 1024;

pub(super) struct Handles {
    shared: Arc<Shared>,
    peer: Peer,
    sessions: HashMap<u64, Arc<dyn ServerSession>>,
    groups: HashMap<u64, Group>,
    queues: HashMap<u64, OpenQueue>,
    closing: Arc<Mutex<HashMap<u64, Closing>>>,
}

struct Group {
    session: u64,
    handle: Arc<dyn UrlGroup>,
    prefixes: usize,
}

/// A session whose connections take their time.
#[derive(Clone, Default)]
struct Closing {
    /// They shall not take any longer.
    hurry: CancellationToken,
    done: CancellationToken,
}

/// What a call gives: at once, or when a session has closed.
pub(super) enum Answer {
    Now(Result<bool, Win32Error>),
    Later(std::pin::Pin<Box<dyn Future<Output = Result<bool, Win32Error>> + Send>>),
}

impl Handles {
    pub(super) fn new(shared: Arc<Shared>, peer: Peer) -> Self {
        Self {
            shared,
            peer,
            sessions: HashMap::new(),
            groups: HashMap::new(),
            queues: HashMap::new(),
            closing: Arc::default(),
        }
    }

    pub(super) async fn call(&mut self, call: Call) -> Answer {
        match call {
            Call::CloseSession { session, at_once } => self.close_session(session, at_once),
            call => Answer::Now(self.perform(call).await.map(|answer| answer.unwrap_or(true))),
        }
    }

    /// A queue that is open.
    pub(super) fn queue(&self, number: u64) -> Result<&Arc<dyn RequestQueue>, Win32Error> {
        self.queues.get(&number).map(|queue| &queue.handle).ok_or(Win32Error::INVALID_HANDLE)
    }

    async fn perform(&mut self, call: Call) -> Result<Option<bool>, Win32Error> {
        match call {
            Call::OpenQueue { queue, name, opens_existing } => {
                check_new(&self.queues, queue)?;
                let flags = Call::flags(opens_existing);
                let options = RequestQueueOptions { name, flags, security_descriptor: None };
                let open = self.shared.owners.open(&self.shared.driver, options, opens_existing, self.peer);
                self.queues.insert(queue, open.await?);
            }
            Call::SetQueue { queue, property: QueueProperty::Verbosity503(3..) } => {
                self.queue(queue)?;
                return Err(Win32Error::INVALID_PARAMETER);
            }
            Call::SetQueue { queue, property } => self.queue(queue)?.set_property(property.into()).await?,
            Call::CloseQueue { queue } => {
                if let Some(queue) = self.queues.remove(&queue) {
                    queue.handle.close().await?;
                }
            }
            Call::CreateSession { session } => {
                check_new(&self.sessions, session)?;
                let handle = self.shared.driver.create_server_session().await?;
                self.sessions.insert(session, handle);
            }
            Call::CreateGroup { session, group } => {
                check_new(&self.groups, group)?;
                let owner = self.sessions.get(&session).ok_or(Win32Error::INVALID_HANDLE)?;
                let handle = owner.create_url_group().await?;
                self.groups.insert(group, Group { session, handle, prefixes: 0 });
            }
            Call::AddUrl { group, url, context } => self.add_url(group, &url, context).await?,
            Call::RemoveUrl { group, url } => {
                let group = self.group(group)?;
                group.handle.remove_url(&url).await?;
                group.prefixes = group.prefixes.saturating_sub(1);
            }
            Call::SetGroup { group, property } => {
                let property = self.property(property)?;
                self.group(group)?.handle.set_property(property).await?;
            }
            Call::IsRegistered { group, url, queue } => {
                let queue = Arc::clone(self.queue(queue)?);
                return self.group(group)?.handle.is_registered_for(&url, &queue).await.map(Some);
            }
            Call::CloseGroup { group } => {
                if let Some(group) = self.groups.remove(&group) {
                    group.handle.close().await?;
                }
            }
            // `call` has done that.
            Call::CloseSession { .. } => return Err(Win32Error::INVALID_FUNCTION),
        }
        Ok(None)
    }

    async fn add_url(&mut self, group: u64, url: &str, context: u64) -> Result<(), Win32Error> {
        if url.len() > LONGEST_PREFIX {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        let prefix: UrlPrefix = url.parse().map_err(|_| Win32Error::INVALID_PARAMETER)?;
        let registered: usize = self.groups.values().map(|group| group.prefixes).sum();
        if registered >= MOST_PREFIXES {
            return Err(Win32Error::NOT_ENOUGH_QUOTA);
        }
        self.shared.orphans.make_way(self.peer.user, &prefix).await;
        let group = self.groups.get_mut(&group).ok_or(Win32Error::INVALID_HANDLE)?;
        group.handle.add_url(url, context).await?;
        group.prefixes += 1;
        tracing::info!(process = self.peer.process, %prefix, "a prefix is registered");
        Ok(())
    }

    /// Connections may take their time; meanwhile their responses come.
    fn close_session(&mut self, number: u64, at_once: bool) -> Answer {
        let groups: Vec<_> = self.groups.extract_if(|_, group| group.session == number).collect();
        let Some(session) = self.sessions.remove(&number) else {
            let closing = lock(&self.closing).get(&number).cloned();
            let Some(Closing { hurry, done }) = closing else { return Answer::Now(Ok(true)) };
            if at_once {
                hurry.cancel();
            }
            return Answer::Later(Box::pin(async move {
                done.cancelled().await;
                Ok(true)
            }));
        };
        let closing = Closing::default();
        if at_once {
            closing.hurry.cancel();
        }
        lock(&self.closing).insert(number, closing.clone());
        let all = Arc::clone(&self.closing);
        Answer::Later(Box::pin(async move {
            let closed = session.close(Deadline::on(closing.hurry, None)).await;
            drop(groups);
            lock(&all).remove(&number);
            closing.done.cancel();
            closed.map(|()| true)
        }))
    }

    fn property(&self, property: GroupProperty) -> Result<UrlGroupProperty, Win32Error> {
        Ok(match property {
            GroupProperty::Binding(None) => UrlGroupProperty::Binding(None),
            GroupProperty::Binding(Some(queue)) => {
                UrlGroupProperty::Binding(Some(Arc::clone(self.queue(queue)?)))
            }
            GroupProperty::Enabled(is_enabled) => UrlGroupProperty::Enabled(is_enabled),
            GroupProperty::MaxConnections(max) => UrlGroupProperty::MaxConnections(max),
            // The port would not be listened on any more, also for the others that share it.
            GroupProperty::Timeouts(times, _) if times.contains(&Some(0)) => {
                return Err(Win32Error::INVALID_PARAMETER);
            }
            GroupProperty::Timeouts(times, rate) => UrlGroupProperty::Timeouts(limits(times, rate)),
            GroupProperty::Authentication(schemes) => {
                UrlGroupProperty::Authentication(authentication(schemes))
            }
        })
    }

    fn group(&mut self, number: u64) -> Result<&mut Group, Win32Error> {
        self.groups.get_mut(&number).ok_or(Win32Error::INVALID_HANDLE)
    }

    /// The process has gone. What it has not closed itself it has not meant to: its prefixes stay for a while.
    pub(super) async fn end(mut self) {
        for closing in lock(&self.closing).values() {
            closing.hurry.cancel();
        }
        for (number, session) in self.sessions.drain() {
            let groups = self.groups.extract_if(|_, group| group.session == number && group.prefixes > 0);
            let groups: Vec<_> = groups.map(|(_, group)| group).collect();
            let prefixes: usize = groups.iter().map(|group| group.prefixes).sum();
            let groups: Vec<_> = groups.into_iter().map(|group| group.handle).collect();
            if !groups.is_empty() {
                let seconds = self.shared.options.orphans.as_secs();
                let process = self.peer.process;
                tracing::warn!(
                    process,
                    prefixes,
                    seconds,
                    "a process has died; its prefixes answer 503 for so long"
                );
                self.shared.orphans.keep(Orphan { user: self.peer.user, session, groups }).await;
            }
        }
        for (_, queue) in self.queues.drain() {
            // A queue that cannot be closed is closed.
            let _ = queue.handle.close().await;
        }
    }
}

/// Numbers are the process's to choose, and each is of one thing.
fn check_new<T>(all: &HashMap<u64, T>, number: u64) -> Result<(), Win32Error> {
    match all.contains_key(&number) {
        true => Err(Win32Error::ALREADY_EXISTS),
        false if all.len() >= MOST_HANDLES => Err(Win32Error::NOT_ENOUGH_QUOTA),
        false => Ok(()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
