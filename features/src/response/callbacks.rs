//! What an application wants to be told of a response: about to start, completed.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use crate::{BoxError, BoxFuture, FeatureCollection};

/// Runs just before the head of the response is fixed; the last chance to change it.
pub type StartingCallback =
    Box<dyn for<'a> FnOnce(&'a mut FeatureCollection) -> BoxFuture<'a, Result<(), BoxError>> + Send>;

/// Runs when the response has been completed or given up.
pub type CompletedCallback = Box<dyn FnOnce() -> BoxFuture<'static, Result<(), BoxError>> + Send>;

/// The callbacks of one response. Both kinds run last registered first.
#[derive(Default)]
pub struct ResponseCallbacks {
    // The locks are never taken: they make callbacks that are not `Sync` fit for a feature.
    starting: Mutex<Vec<StartingCallback>>,
    completed: Mutex<Vec<CompletedCallback>>,
}

impl ResponseCallbacks {
    /// Registers a starting callback.
    pub fn push_starting(&mut self, callback: StartingCallback) {
        self.starting().push(callback);
    }

    /// Registers a completed callback.
    pub fn push_completed(&mut self, callback: CompletedCallback) {
        self.completed().push(callback);
    }

    /// Takes the starting callback whose turn it is.
    pub fn pop_starting(&mut self) -> Option<StartingCallback> {
        self.starting().pop()
    }

    /// Takes the completed callback whose turn it is.
    pub fn pop_completed(&mut self) -> Option<CompletedCallback> {
        self.completed().pop()
    }

    /// True if a starting callback is left to run.
    pub fn has_starting(&mut self) -> bool {
        !self.starting().is_empty()
    }

    /// True if a completed callback is left to run.
    pub fn has_completed(&mut self) -> bool {
        !self.completed().is_empty()
    }

    /// Forgets the starting callbacks: an error response does not run them.
    pub fn clear_starting(&mut self) {
        self.starting().clear();
    }

    /// Forgets everything, keeping the storage.
    pub fn clear(&mut self) {
        // Seldom is there anything.
        if self.has_starting() {
            self.starting().clear();
        }
        if self.has_completed() {
            self.completed().clear();
        }
    }

    fn starting(&mut self) -> &mut Vec<StartingCallback> {
        self.starting.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn completed(&mut self) -> &mut Vec<CompletedCallback> {
        self.completed.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ResponseCallbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseCallbacks").finish_non_exhaustive()
    }
}
