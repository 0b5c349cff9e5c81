//! How many requests are running.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// A count that many threads change and one person reads, at the stop.
///
/// It is split so that connections on different cores do not fight for one cache line.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    shards: [Shard; 16],
    next: AtomicUsize,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard(AtomicUsize);

impl InFlight {
    /// A ticket for a context, which lives as long as its connection.
    pub(super) fn ticket(self: &Arc<Self>) -> Ticket {
        let shard = self.next.fetch_add(1, Ordering::Relaxed) % self.shards.len();
        Ticket { counter: Arc::clone(self), shard, is_counted: false }
    }

    /// How many requests are running, give or take those that begin or end meanwhile.
    pub(super) fn count(&self) -> usize {
        self.shards.iter().fold(0_usize, |sum, shard| sum.wrapping_add(shard.0.load(Ordering::Relaxed)))
    }
}

/// One request at a time.
pub(super) struct Ticket {
    counter: Arc<InFlight>,
    shard: usize,
    is_counted: bool,
}

impl Ticket {
    pub(super) fn begin(&mut self) {
        if !std::mem::replace(&mut self.is_counted, true) {
            self.counter.shards[self.shard].0.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.is_counted) {
            self.counter.shards[self.shard].0.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_counts_once_and_a_dropped_ticket_not_at_all() {
        let counter = Arc::new(InFlight::default());
        let mut tickets: Vec<_> = (0..40).map(|_| counter.ticket()).collect();
        tickets.iter_mut().for_each(Ticket::begin);
        tickets[0].begin();
        assert_eq!(counter.count(), 40);
        tickets[0].end();
        tickets[0].end();
        assert_eq!(counter.count(), 39);
        drop(tickets);
        assert_eq!(counter.count(), 0);
    }
}
