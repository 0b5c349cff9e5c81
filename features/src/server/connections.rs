//! The open connections of a server, and how they end when it stops.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{CancellationToken, Deadline};

/// The open connections of a server: those it waits for when it stops, and aborts when it has waited enough.
///
/// It fires tokens and does nothing else; what they mean for a connection is the server's affair. Clones share it.
///
/// ```
/// use falconry_features::{Connections, Deadline, block_on};
///
/// let connections = Connections::default();
/// let open = connections.open();
/// let idle = connections.open();
/// // A connection without a request ends when the server stops.
/// connections.stopping().on_cancelled(move || drop(idle));
/// block_on(connections.stop(&Deadline::now()));
/// assert!(open.aborted().is_cancelled());
/// assert_eq!(connections.count(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Connections {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    stopping: CancellationToken,
    /// Fires when the server stops and the last connection has ended.
    drained: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    /// How each is aborted.
    open: HashMap<u64, CancellationToken>,
    next_id: u64,
    is_aborting: bool,
}

impl Connections {
    /// Counts one more connection, until what this returns is dropped.
    pub fn open(&self) -> OpenConnection {
        let mut state = self.shared.lock();
        let (id, aborted) = (state.next_id, CancellationToken::new());
        state.next_id += 1;
        state.open.insert(id, aborted.clone());
        if state.is_aborting {
            aborted.cancel();
        }
        OpenConnection { shared: Arc::clone(&self.shared), id, aborted }
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.shared.lock().open.len()
    }

    /// Fires when the server stops: nothing is accepted any more, and each connection ends with the response under way.
    pub fn stopping(&self) -> &CancellationToken {
        &self.shared.stopping
    }

    /// Stops: completes when the last connection has ended, or when those left at `deadline` have been aborted.
    pub async fn stop(&self, deadline: &Deadline) {
        self.shared.stopping.cancel();
        self.shared.check_drained(&self.shared.lock());
        if deadline.limit(self.shared.drained.cancelled()).await.is_none() {
            let left: Vec<_> = {
                let mut state = self.shared.lock();
                state.is_aborting = true;
                state.open.values().cloned().collect()
            };
            left.iter().for_each(CancellationToken::cancel);
        }
    }
}

impl Shared {
    fn check_drained(&self, state: &State) {
        if self.stopping.is_cancelled() && state.open.is_empty() {
            self.drained.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the open [`Connections`]; it is over when this is dropped.
#[derive(Debug)]
pub struct OpenConnection {
    shared: Arc<Shared>,
    id: u64,
    aborted: CancellationToken,
}

impl OpenConnection {
    /// Fires when the server ends the connection at once.
    pub fn aborted(&self) -> &CancellationToken {
        &self.aborted
    }

    /// Fires when the server stops: the response under way is the last.
    pub fn stopping(&self) -> &CancellationToken {
        &self.shared.stopping
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.open.remove(&self.id);
        self.shared.check_drained(&state);
    }
}
