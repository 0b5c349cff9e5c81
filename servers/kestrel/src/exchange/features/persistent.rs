//! State that outlives its request.

use std::sync::{Arc, OnceLock};

use falconry_features::{Items, PersistentStateFeature};

use crate::connection::ConnectionShared;

/// The state of one exchange, whatever request it serves. When its collection goes, the connection keeps the state for
/// the next collection: there is one on HTTP/1, and one for each of the streams that run at once on HTTP/2 and HTTP/3.
pub(super) struct KestrelPersistentState {
    /// Taken over when a request first asks: by then a collection that was there before is gone.
    items: OnceLock<Items>,
    connection: Arc<ConnectionShared>,
}

impl KestrelPersistentState {
    pub(super) fn new(connection: Arc<ConnectionShared>) -> Self {
        Self { items: OnceLock::new(), connection }
    }
}

impl PersistentStateFeature for KestrelPersistentState {
    fn state(&self) -> &Items {
        self.items.get_or_init(|| self.connection.exchanges.take_state())
    }

    fn state_mut(&mut self) -> &mut Items {
        let Self { items, connection } = self;
        if items.get().is_none() {
            *items = connection.exchanges.take_state().into();
        }
        items.get_mut().expect("it has just been set")
    }
}

impl Drop for KestrelPersistentState {
    fn drop(&mut self) {
        if let Some(items) = self.items.take().filter(|items| !items.is_empty()) {
            self.connection.exchanges.put_state(items);
        }
    }
}
