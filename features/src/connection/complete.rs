//! What shall happen when a connection or stream has ended.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{BoxError, CompletedCallback, Feature, FeatureError};

/// Runs callbacks when the connection has been dealt with to its end. Connection level.
///
/// Example: [`PlainConnectionComplete`].
pub trait ConnectionCompleteFeature: Feature {
    /// Registers a callback. They run last registered first; each runs even if another fails, and
    /// the server logs what they fail with.
    ///
    /// # Errors
    /// Invalid state: the connection has already ended.
    fn on_completed(&self, callback: CompletedCallback) -> Result<(), FeatureError>;
}

/// The plain [`ConnectionCompleteFeature`]. The server calls [`complete`](Self::complete).
///
/// ```
/// use falconry_features::{ConnectionCompleteFeature, PlainConnectionComplete};
///
/// let connection = PlainConnectionComplete::default();
/// let callback = Box::new(|| Box::pin(async { Ok(()) }) as _);
/// assert!(connection.on_completed(callback).is_ok());
/// ```
#[derive(Default)]
pub struct PlainConnectionComplete {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    callbacks: Vec<CompletedCallback>,
    is_completed: bool,
}

impl PlainConnectionComplete {
    /// Runs the callbacks; gives what they failed with. A callback may register further ones.
    pub async fn complete(&self) -> Vec<BoxError> {
        let mut errors = Vec::new();
        while let Some(callback) = self.next_callback() {
            if let Err(error) = callback().await {
                errors.push(error);
            }
        }
        errors
    }

    fn next_callback(&self) -> Option<CompletedCallback> {
        let mut state = self.lock();
        let callback = state.callbacks.pop();
        state.is_completed |= callback.is_none();
        callback
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionCompleteFeature for PlainConnectionComplete {
    fn on_completed(&self, callback: CompletedCallback) -> Result<(), FeatureError> {
        let mut state = self.lock();
        if state.is_completed {
            return Err(FeatureError::invalid_state(
                "cannot register a callback for the end of the connection: it has already ended",
            ));
        }
        state.callbacks.push(callback);
        Ok(())
    }
}

impl fmt::Debug for PlainConnectionComplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainConnectionComplete").finish_non_exhaustive()
    }
}
