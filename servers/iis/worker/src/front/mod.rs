//! A small HTTP/1.1 front end: connections, requests in, responses out.

mod connection;
mod input;
mod output;

use falconry_features::{Connections, Deadline, OpenConnection, block_on};

pub(crate) use self::{
    connection::Connection,
    input::{Head, Input, Taken},
    output::Output,
};

/// All connections.
#[derive(Debug, Default)]
pub(crate) struct Front {
    connections: Connections,
}

impl Front {
    /// No further connections, and every one ends with the response under way.
    pub(crate) fn stop(&self) {
        self.connections.stopping().cancel();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.connections.stopping().is_cancelled()
    }

    /// Returns when the last connection has ended.
    pub(crate) fn drained(&self) {
        block_on(self.connections.stop(&Deadline::never()));
    }

    fn open(&self) -> OpenConnection {
        self.connections.open()
    }
}
