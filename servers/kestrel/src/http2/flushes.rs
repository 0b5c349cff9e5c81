//! When what streams have sent has left for the client.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

/// Counts the rounds of a connection's task. What was handed to h2 before a round began has left when
/// the round is done.
#[derive(Debug, Default)]
pub(crate) struct Flushes {
    begun: AtomicU64,
    done: AtomicU64,
    has_waiters: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    connection: Option<Waker>,
    waiters: Vec<Waker>,
}

impl Flushes {
    /// The connection's task begins a round.
    pub(super) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::AcqRel);
    }

    /// It has written all there was. Nobody may have asked between the beginning and now.
    pub(super) fn done(&self) {
        self.done.store(self.begun.load(Ordering::Acquire), Ordering::Release);
        if self.has_waiters.swap(false, Ordering::AcqRel) {
            let waiters = std::mem::take(&mut self.lock().waiters);
            waiters.into_iter().for_each(Waker::wake);
        }
    }

    /// The task to wake for another round.
    pub(super) fn register(&self, cx: &Context<'_>) {
        self.lock().connection = Some(cx.waker().clone());
    }

    /// Completes when what was sent before the first call with this `wait` has left.
    pub(crate) fn poll(&self, cx: &mut Context<'_>, wait: &mut Option<u64>) -> Poll<()> {
        let mut state = self.lock();
        let after = *wait.get_or_insert_with(|| self.begun.load(Ordering::Acquire));
        if self.done.load(Ordering::Acquire) > after {
            *wait = None;
            return Poll::Ready(());
        }
        state.waiters.push(cx.waker().clone());
        self.has_waiters.store(true, Ordering::Release);
        let connection = state.connection.clone();
        drop(state);
        if let Some(connection) = connection {
            connection.wake();
        }
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_round_that_begins_afterwards_flushes_what_was_sent() {
        let flushes = Flushes::default();
        let mut cx = Context::from_waker(Waker::noop());
        let mut wait = None;
        flushes.begin();
        assert!(flushes.poll(&mut cx, &mut wait).is_pending());
        flushes.done();
        assert!(flushes.poll(&mut cx, &mut wait).is_pending());
        flushes.begin();
        assert!(flushes.poll(&mut cx, &mut wait).is_pending());
        flushes.done();
        assert!(flushes.poll(&mut cx, &mut wait).is_ready());
        assert_eq!(wait, None);
    }
}
