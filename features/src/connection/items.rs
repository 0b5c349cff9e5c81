//! What an application keeps with a connection.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Feature, Items, Tags};

/// A place for anything that belongs to the connection. Connection level: all its requests, which
/// on HTTP/2 and HTTP/3 run side by side, see the same.
pub trait ConnectionItemsFeature: Feature {
    /// The items, locked. Do not hold the lock across an await.
    fn items(&self) -> MutexGuard<'_, Items>;
}

/// The plain [`ConnectionItemsFeature`].
///
/// ```
/// use falconry_features::{ConnectionItemsFeature, PlainConnectionItems};
///
/// struct Visits(u32);
///
/// let connection = PlainConnectionItems::default();
/// connection.items().insert(Visits(1));
/// connection.items().get_mut::<Visits>().unwrap().0 += 1;
/// assert_eq!(connection.items().get::<Visits>().unwrap().0, 2);
/// ```
#[derive(Debug, Default)]
pub struct PlainConnectionItems {
    items: Mutex<Items>,
}

impl ConnectionItemsFeature for PlainConnectionItems {
    fn items(&self) -> MutexGuard<'_, Items> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tags that go with the connection's duration into the metrics. Connection level; present only if
/// somebody listens to that metric.
pub trait ConnectionMetricsTagsFeature: Feature {
    /// The tags, locked. Do not hold the lock across an await.
    fn tags(&self) -> MutexGuard<'_, Tags>;
}

/// The plain [`ConnectionMetricsTagsFeature`].
///
/// ```
/// use falconry_features::{ConnectionMetricsTagsFeature, PlainConnectionMetricsTags};
///
/// let connection = PlainConnectionMetricsTags::default();
/// connection.tags().set("tenant", "acme");
/// assert_eq!(connection.tags().len(), 1);
/// ```
#[derive(Debug, Default)]
pub struct PlainConnectionMetricsTags {
    tags: Mutex<Tags>,
}

impl ConnectionMetricsTagsFeature for PlainConnectionMetricsTags {
    fn tags(&self) -> MutexGuard<'_, Tags> {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// State that outlives a request and is met again by the next one on the same connection (HTTP/1)
/// or stream slot (HTTP/2): a place for buffers worth keeping. Kestrel.
///
/// Unlike [`ConnectionItemsFeature`] it is the request's alone while that runs.
pub trait PersistentStateFeature: Feature {
    /// The state.
    fn state(&self) -> &Items;

    /// The state, for change.
    fn state_mut(&mut self) -> &mut Items;
}

/// The plain [`PersistentStateFeature`]: [`Items`] that the server does not clear.
///
/// ```
/// use falconry_features::{PersistentStateFeature, PlainPersistentState};
///
/// let mut slot = PlainPersistentState::default();
/// slot.state_mut().insert(Vec::<u8>::with_capacity(4096));
/// assert!(slot.state().contains::<Vec<u8>>());
/// ```
#[derive(Debug, Default)]
pub struct PlainPersistentState {
    items: Items,
}

impl PersistentStateFeature for PlainPersistentState {
    fn state(&self) -> &Items {
        &self.items
    }

    fn state_mut(&mut self) -> &mut Items {
        &mut self.items
    }
}
