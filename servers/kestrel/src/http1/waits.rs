//! How long the server has waited for the peer, and how long it may.

use std::time::Duration;

use falconry_features::MinDataRate;
use tokio::time::Instant;

/// The time spent waiting for the peer in one direction, and what it did meanwhile.
#[derive(Debug, Default)]
pub(crate) struct DataWait {
    since: Option<Instant>,
    total: Duration,
    bytes: u64,
}

impl DataWait {
    /// The server begins to wait, unless it does already.
    pub(crate) fn begin(&mut self, now: impl FnOnce() -> Instant) {
        if self.since.is_none() {
            self.since = Some(now());
        }
    }

    /// The peer has done something, or the server does not wait for now.
    pub(crate) fn pause(&mut self, bytes: usize) {
        if let Some(since) = self.since.take() {
            self.total += since.elapsed();
        }
        self.bytes += bytes as u64;
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.since.is_some()
    }

    /// A new message, unless the peer still has to take something of the one before it.
    pub(crate) fn reset_unless_waiting(&mut self) {
        if !self.is_waiting() {
            self.reset();
        }
    }

    /// A new message: nothing counts against the peer.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    /// When the peer's average falls below `rate` if it goes on doing nothing.
    pub(crate) fn deadline(&self, rate: Option<MinDataRate>) -> Option<Instant> {
        let (since, rate) = (self.since?, rate?);
        let earned =
            Duration::try_from_secs_f64(self.bytes as f64 / rate.bytes_per_second()).unwrap_or(Duration::MAX);
        let allowed = earned.max(rate.grace_period()).saturating_sub(self.total);
        since.checked_add(allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate() -> Option<MinDataRate> {
        Some(MinDataRate::new(100.0, Duration::from_secs(5)).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_has_the_grace_period_before_its_rate_counts() {
        let mut wait = DataWait::default();
        let start = Instant::now();
        wait.begin(Instant::now);
        assert_eq!(wait.deadline(rate()), Some(start + Duration::from_secs(5)));
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_time_spent_waiting_counts() {
        let mut wait = DataWait::default();
        wait.begin(Instant::now);
        tokio::time::advance(Duration::from_secs(2)).await;
        wait.pause(10);
        tokio::time::advance(Duration::from_secs(3600)).await;
        let again = Instant::now();
        wait.begin(Instant::now);
        assert_eq!(wait.deadline(rate()), Some(again + Duration::from_secs(3)));
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_earn_time() {
        let mut wait = DataWait::default();
        wait.pause(2000);
        let start = Instant::now();
        wait.begin(Instant::now);
        assert_eq!(wait.deadline(rate()), Some(start + Duration::from_secs(20)));
    }
}
