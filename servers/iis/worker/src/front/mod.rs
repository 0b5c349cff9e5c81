//! A small HTTP/1.1 front end: connections, requests in, responses out.

mod connection;
mod input;
mod output;

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(crate) use self::{
    connection::Connection,
    input::{Head, Input, Taken},
    output::Output,
};

/// All connections.
#[derive(Debug, Default)]
pub(crate) struct Front {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    connections: usize,
    is_stopping: bool,
}

impl Front {
    /// No further connections, and every one ends with the response under way.
    pub(crate) fn stop(&self) {
        self.lock().is_stopping = true;
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.lock().is_stopping
    }

    /// Returns when the last connection has ended.
    pub(crate) fn drained(&self) {
        let mut state = self.lock();
        while state.connections > 0 {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn count(&self, change: isize) {
        let mut state = self.lock();
        state.connections = state.connections.saturating_add_signed(change);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
