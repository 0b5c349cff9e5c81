//! The point at which a graceful stop turns into an abort.

use std::time::Duration;

use crate::{CancellationToken, cancellation::Cancelled};

/// How long a stop may wait for what is under way: until the deadline fires.
///
/// It is a signal and no clock, so that a server needs no timer for it and a person's second
/// Ctrl-C can fire it early.
///
/// ```
/// use falconry_features::Deadline;
///
/// assert!(Deadline::now().has_passed());
/// assert!(!Deadline::never().has_passed());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Deadline {
    token: CancellationToken,
    length: Option<Duration>,
}

impl Deadline {
    /// A deadline that never passes: wait for everything.
    pub fn never() -> Self {
        Self::default()
    }

    /// A deadline that has already passed: abort at once.
    pub fn now() -> Self {
        let deadline = Self { token: CancellationToken::new(), length: Some(Duration::ZERO) };
        deadline.token.cancel();
        deadline
    }

    /// A deadline that passes when `token` fires; who makes it sees to that. `length` is the time
    /// that is meant, for messages.
    pub fn on(token: CancellationToken, length: Option<Duration>) -> Self {
        Self { token, length }
    }

    /// True once the deadline has passed.
    pub fn has_passed(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Completes when the deadline passes.
    pub fn passed(&self) -> Cancelled {
        self.token.cancelled()
    }

    /// The time given when the deadline was made, if there was one.
    pub fn length(&self) -> Option<Duration> {
        self.length
    }

    /// Waits for `work`, but not beyond the deadline: `None` if that passed first.
    pub async fn limit<F: Future>(&self, work: F) -> Option<F::Output> {
        self.token.run_until_cancelled(work).await
    }
}
