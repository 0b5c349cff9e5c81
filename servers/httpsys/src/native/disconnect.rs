//! When clients leave: one wait for each connection.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use falconry_features::CancellationToken;

use super::{
    handle::QueueHandle,
    operation::{Completion, Operation},
};

/// The connections of a queue that somebody watches, by their ids.
pub(super) struct Disconnects {
    queue: Arc<QueueHandle>,
    tokens: Mutex<HashMap<u64, CancellationToken>>,
}

impl Disconnects {
    pub(super) fn new(queue: &Arc<QueueHandle>) -> Self {
        Self { queue: Arc::clone(queue), tokens: Mutex::default() }
    }

    /// Fires when the connection has ended. `HttpWaitForDisconnectEx`, with the first call for each; where that is
    /// missing, never.
    pub(super) fn token(self: &Arc<Self>, connection: u64) -> CancellationToken {
        let Some(wait) = self.queue.api().wait_for_disconnect_ex else { return CancellationToken::new() };
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = tokens.get(&connection) {
            return token.clone();
        }
        let token = CancellationToken::new();
        tokens.insert(connection, token.clone());
        drop(tokens);

        let this = Arc::downgrade(self);
        let ended = token.clone();
        // Whatever has ended the wait: a connection that cannot be watched counts as gone.
        let tell = Box::new(move |_: Completion<()>| {
            if let Some(this) = this.upgrade() {
                this.tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(&connection);
            }
            ended.cancel();
        });
        let operation = Operation::start_with_orphan(&self.queue, (), Some(tell), |handle, overlapped, _| {
            // SAFETY: the handle is open, and the operation owns the OVERLAPPED.
            unsafe { wait(handle, connection, 0, overlapped) }
        });
        operation.detach();
        token
    }
}

impl fmt::Debug for Disconnects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let watched = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Disconnects").field("watched", &watched).finish_non_exhaustive()
    }
}
