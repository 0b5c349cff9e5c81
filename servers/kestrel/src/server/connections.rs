//! The open connections: counted, limited, stopped and aborted together.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::Notify;

use crate::{
    KestrelServerLimits,
    connection::{ConnectionShared, Lifetime},
    events,
    metrics::error_type,
};

/// The connections of one server.
#[derive(Debug)]
pub(crate) struct Connections {
    state: Mutex<State>,
    ended: Notify,
}

#[derive(Debug, Default)]
struct State {
    max_open: Option<usize>,
    max_upgraded: Option<usize>,
    open: HashMap<u64, Open>,
    next_key: u64,
    /// Connections and streams that have left HTTP.
    upgraded: usize,
    /// Connections that are not counted any more.
    released: usize,
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
        let connections = Self { state: Mutex::default(), ended: Notify::new() };
        connections.set_limits(limits);
        connections
    }

    /// Takes the numbers of connections from these limits. Those that are open stay, even if they are too many.
    pub(super) fn set_limits(&self, limits: &KestrelServerLimits) {
        let mut state = self.lock();
        state.max_open = limits.max_concurrent_connections();
        state.max_upgraded = limits.max_concurrent_upgraded_connections();
    }

    /// Counts a new connection; `None` if there are too many. Upgraded ones do not count.
    pub(crate) fn open(
        &self,
        connection: Arc<ConnectionShared>,
        group: ConnectionGroup,
    ) -> Option<OpenConnection> {
        let mut state = self.lock();
        if state.max_open.is_some_and(|max| state.open.len().saturating_sub(state.released) >= max) {
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

    /// Counts `connection`, or a stream of it, as upgraded; `None` if there are too many.
    pub(crate) fn upgrade(&self, connection: &Arc<ConnectionShared>, is_stream: bool) -> Option<OpenUpgrade> {
        let mut state = self.lock();
        if state.max_upgraded.is_some_and(|max| state.upgraded >= max) {
            return None;
        }
        state.upgraded += 1;
        if !is_stream {
            state.release(&connection.lifetime);
        }
        Some(OpenUpgrade(Arc::clone(connection)))
    }

    /// Takes the connection with this lifetime out of the number that is limited.
    pub(crate) fn release(&self, lifetime: &Lifetime) {
        self.lock().release(lifetime);
    }

    /// Every connection ends after what is under way.
    pub(super) fn stop(&self) {
        self.lock().is_stopping = true;
        self.listed(|_| true).iter().for_each(|connection| connection.signal.stop());
    }

    /// The connections of one group end after what is under way, also those still to be accepted.
    pub(super) fn stop_group(&self, group: ConnectionGroup) {
        self.lock().stopping.insert(group);
        self.listed(|open| open.group == group).iter().for_each(|connection| connection.signal.stop());
    }

    /// The connections of one group end at once.
    pub(super) fn abort_group(&self, group: ConnectionGroup) {
        self.listed(|open| open.group == group).iter().for_each(|connection| abort(connection));
    }

    /// Every connection ends at once.
    pub(super) fn abort(&self) {
        self.listed(|_| true).iter().for_each(|connection| abort(connection));
    }

    /// How many connections are open.
    pub(super) fn count(&self) -> usize {
        self.lock().open.len()
    }

    /// A signal runs what applications have registered for it: the lock is free by then.
    fn listed(&self, which: impl Fn(&Open) -> bool) -> Vec<Arc<ConnectionShared>> {
        let state = self.lock();
        state.open.values().filter(|open| which(open)).map(|open| Arc::clone(&open.connection)).collect()
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

    /// A connection is released once, however often it is asked for, and never after its end.
    fn release(&mut self, lifetime: &Lifetime) {
        let was_released = lifetime.is_released.swap(true, Ordering::Relaxed);
        self.released += usize::from(!was_released);
    }
}

fn abort(connection: &ConnectionShared) {
    connection.observed.failed(error_type::APP_SHUTDOWN_TIMEOUT);
    connection.signal.abort();
}

/// A connection or a stream that is counted as upgraded until this is dropped.
#[derive(Debug)]
pub(crate) struct OpenUpgrade(Arc<ConnectionShared>);

impl Drop for OpenUpgrade {
    fn drop(&mut self) {
        self.0.server.connections.lock().upgraded -= 1;
    }
}

impl OpenConnection {
    /// The connection's task runs.
    pub(crate) fn begin(&self) {
        events::connection_start(&self.shared);
        self.shared.observed.started();
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let connections = &self.shared.server.connections;
        events::connection_stop(&self.shared);
        self.shared.observed.stopped();
        self.shared.exchanges.close();
        let mut state = connections.lock();
        state.released -= usize::from(self.shared.lifetime.is_released.swap(true, Ordering::Relaxed));
        let closed = state.open.remove(&self.key);
        drop(state);
        drop(closed);
        connections.ended.notify_waiters();
    }
}
