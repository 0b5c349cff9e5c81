//! Rapid-fail protection: a program that keeps ending is left alone for a while.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Counts the processes that ended by themselves, in windows of time.
#[derive(Debug)]
pub(super) struct RapidFail {
    limit: u32,
    window: Duration,
    state: Mutex<Option<Window>>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    ends: Instant,
    count: u32,
}

impl RapidFail {
    /// A window begins with the first end after the former window.
    pub(super) fn new(limit: u32, window: Duration) -> Self {
        Self { limit, window, state: Mutex::new(None) }
    }

    /// Counts one.
    pub(super) fn note(&self) {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *state {
            Some(window) if now < window.ends => window.count = window.count.saturating_add(1),
            other => *other = Some(Window { ends: now + self.window, count: 1 }),
        }
    }

    /// When the next process may be started, if that is not now.
    pub(super) fn closed_until(&self) -> Option<Instant> {
        let state = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let window = state.filter(|window| window.count > self.limit)?;
        (Instant::now() < window.ends).then_some(window.ends)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::RapidFail;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn one_end_more_than_allowed_closes_until_the_window_is_over() {
        let rapid_fail = RapidFail::new(2, MINUTE);
        let start = Instant::now();
        rapid_fail.note();
        advance(MINUTE / 2).await;
        rapid_fail.note();
        assert_eq!(rapid_fail.closed_until(), None);
        rapid_fail.note();
        assert_eq!(rapid_fail.closed_until(), Some(start + MINUTE));
        advance(MINUTE / 2).await;
        assert_eq!(rapid_fail.closed_until(), None);
        rapid_fail.note();
        assert_eq!(rapid_fail.closed_until(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn with_a_limit_of_0_the_first_end_closes() {
        let rapid_fail = RapidFail::new(0, MINUTE);
        assert_eq!(rapid_fail.closed_until(), None);
        rapid_fail.note();
        assert!(rapid_fail.closed_until().is_some());
    }
}
