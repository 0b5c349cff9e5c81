//! How much of what costs a client nothing it may send.

use std::time::Duration;

use tokio::time::Instant;

/// So many in so long; then it begins anew.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u32,
    period: Duration,
    spent: u32,
    since: Option<Instant>,
}

impl Budget {
    /// PING, SETTINGS, PRIORITY, DATA without data, frames that nobody knows: many times of what any
    /// client needs.
    pub(super) fn control() -> Self {
        Self::new(10_000, Duration::from_secs(10))
    }

    /// RST_STREAM: a client that leaves a page gives up all streams at once, and may do so again soon.
    pub(super) fn resets(max_streams: u32) -> Self {
        Self::new(max_streams.saturating_mul(10).max(1000), Duration::from_secs(1))
    }

    fn new(limit: u32, period: Duration) -> Self {
        Self { limit, period, spent: 0, since: None }
    }

    /// Counts one more; false if that is one too many.
    pub(super) fn spend(&mut self) -> bool {
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        if now - since >= self.period {
            self.since = Some(now);
            self.spent = 0;
        }
        self.spent = self.spent.saturating_add(1);
        self.spent <= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_over_the_limit_is_refused_until_the_period_has_passed() {
        let mut budget = Budget::new(2, Duration::from_secs(1));
        assert_eq!([budget.spend(), budget.spend(), budget.spend()], [true, true, false]);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(budget.spend());
    }
}
