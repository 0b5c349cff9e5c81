//! The open connections: counted, limited, stopped and aborted together.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::Notify;

use crate::{KestrelServerLimits, connection::ConnectionShared};

/// The connections of one server.
#[derive(Debug)]
pub(crate) struct Connections {
    state: Mutex<State>,
    ended: Notify,
    max_open: Option<usize>,
    max_upgraded: Option<usize>,
}

#[derive(Debug, Default)]
struct State {
    open: HashMap<u64, Open>,
    next_key: u64,
    upgraded: usize,
    is_stopping: bool,
    stopping: HashSet<ConnectionGroup>,
}

#[derive(Debug)]
struct Open {
    connection: Arc<ConnectionShared>,
    group: ConnectionGroup,
}

/// The connections that one endpoint accepts while it is set up in one way: they are stopped together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ConnectionGroup(u64);

impl ConnectionGroup {
    /// A group of its own.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A connection that is counted as open until this is dropped.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    pub(crate) shared: Arc<ConnectionShared>,
    key: u64,
}

impl Connections {
    pub(crate) fn new(limits: &KestrelServerLimits) -> Self {
        Self {
            state: Mutex::default(),
            ended: Notify::new(),
            max_open: limits.max_concurrent_connections(),
            max_upgraded: limits.max_concurrent_upgraded_connections(),
        }
    }

    /// Counts a new connection; `None` if there are too many. Upgraded ones do not count.
    pub(crate) fn open(
        &self,
        connection: Arc<ConnectionShared>,
        group: ConnectionGroup,
    ) -> Option<OpenConnection> {
        let mut state = self.lock();
        if self.max_open.is_some_and(|max| state.open.len().saturating_sub(state.upgraded) >= max) {
            return None;
        }
        if state.is_stopping || state.stopping.contains(&group) {
            connection.signal.stop();
        }
        let key = state.next_key;
        state.next_key += 1;
        state.open.insert(key, Open { connection: Arc::clone(&connection), group });
        Some(OpenConnection { shared: connection, key })
    }

    /// Counts a connection as upgraded; false if there are too many.
    pub(crate) fn begin_upgrade(&self) -> bool {
        let mut state = self.lock();
        let has_room = self.max_upgraded.is_none_or(|max| state.upgraded < max);
        state.upgraded += usize::from(has_room);
        has_room
    }

    pub(crate) fn end_upgrade(&self) {
        self.lock().upgraded -= 1;
    }

    /// Every connection ends after what is under way.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.is_stopping = true;
        state.open.values().for_each(|open| open.connection.signal.stop());
    }

    /// The connections of one group end after what is under way, also those still to be accepted.
    pub(super) fn stop_group(&self, group: ConnectionGroup) {
        let mut state = self.lock();
        state.stopping.insert(group);
        state.of(group).for_each(|connection| connection.signal.stop());
    }

    /// The connections of one group end at once.
    pub(super) fn abort_group(&self, group: ConnectionGroup) {
        self.lock().of(group).for_each(|connection| connection.signal.abort());
    }

    /// Every connection ends at once.
    pub(super) fn abort(&self) {
        self.lock().open.values().for_each(|open| open.connection.signal.abort());
    }

    /// Completes when there is no connection left.
    pub(super) async fn all_ended(&self) {
        self.reach(|state| state.open.is_empty()).await;
    }

    /// Completes when there is no connection of this group left.
    pub(super) async fn group_ended(&self, group: ConnectionGroup) {
        self.reach(|state| state.of(group).next().is_none()).await;
    }

    async fn reach(&self, is_reached: impl Fn(&State) -> bool) {
        loop {
            let ended = self.ended.notified();
            if is_reached(&self.lock()) {
                return;
            }
            ended.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn of(&self, group: ConnectionGroup) -> impl Iterator<Item = &ConnectionShared> {
        self.open.values().filter(move |open| open.group == group).map(|open| &*open.connection)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let connections = &self.shared.server.connections;
        self.shared.exchanges.close();
        let closed = connections.lock().open.remove(&self.key);
        drop(closed);
        connections.ended.notify_waiters();
    }
}
