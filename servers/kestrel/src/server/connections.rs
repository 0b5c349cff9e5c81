//! The open connections: counted, limited, stopped and aborted together.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use falconry_features::CancellationToken;
use tokio::sync::Notify;

use crate::{KestrelServerLimits, connection::ConnectionShared};

/// The connections of one server.
#[derive(Debug)]
pub(crate) struct Connections {
    state: Mutex<State>,
    ended: Notify,
    listening: CancellationToken,
    max_open: Option<usize>,
    max_upgraded: Option<usize>,
}

#[derive(Debug, Default)]
struct State {
    open: HashMap<u64, Arc<ConnectionShared>>,
    next_key: u64,
    upgraded: usize,
    is_stopping: bool,
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
            listening: CancellationToken::new(),
            max_open: limits.max_concurrent_connections(),
            max_upgraded: limits.max_concurrent_upgraded_connections(),
        }
    }

    /// Counts a new connection; `None` if there are too many. Upgraded ones do not count.
    pub(crate) fn open(&self, connection: Arc<ConnectionShared>) -> Option<OpenConnection> {
        let mut state = self.lock();
        if self.max_open.is_some_and(|max| state.open.len().saturating_sub(state.upgraded) >= max) {
            return None;
        }
        if state.is_stopping {
            connection.signal.stop();
        }
        let key = state.next_key;
        state.next_key += 1;
        state.open.insert(key, Arc::clone(&connection));
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

    /// Fires when no more connections shall be accepted.
    pub(crate) fn listening_ends(&self) -> &CancellationToken {
        &self.listening
    }

    pub(super) fn stop_listening(&self) {
        self.listening.cancel();
    }

    /// Every connection ends after what is under way.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.is_stopping = true;
        state.open.values().for_each(|connection| connection.signal.stop());
    }

    /// Every connection ends at once.
    pub(super) fn abort(&self) {
        self.lock().open.values().for_each(|connection| connection.signal.abort());
    }

    /// Completes when there is no connection left.
    pub(super) async fn all_ended(&self) {
        loop {
            let ended = self.ended.notified();
            if self.lock().open.is_empty() {
                return;
            }
            ended.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
