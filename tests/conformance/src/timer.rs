//! A timer that needs no runtime: servers on plain threads have none.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

/// Completes after `time`.
pub(crate) fn sleep(time: Duration) -> Sleep {
    Sleep { until: Instant::now() + time, id: None }
}

/// Waits for `work`, but not longer than `time`: `None` if that passed first.
pub(crate) async fn timeout<F: Future>(time: Duration, work: F) -> Option<F::Output> {
    let mut work = std::pin::pin!(work);
    let mut sleep = sleep(time);
    std::future::poll_fn(|cx| {
        if let Poll::Ready(output) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        Pin::new(&mut sleep).poll(cx).map(|()| None)
    })
    .await
}

/// The future of [`sleep`].
#[derive(Debug)]
pub(crate) struct Sleep {
    until: Instant,
    id: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.until {
            return Poll::Ready(());
        }
        let clock = Clock::running();
        let mut waiting = clock.lock();
        let id = self.id.unwrap_or_else(|| waiting.new_id());
        self.id = Some(id);
        waiting.wakers.insert((self.until, id), cx.waker().clone());
        clock.changed.notify_one();
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            Clock::running().lock().wakers.remove(&(self.until, id));
        }
    }
}

/// One thread that wakes whoever's time has come.
#[derive(Default)]
struct Clock {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    wakers: BTreeMap<(Instant, u64), Waker>,
    last_id: u64,
}

impl Waiting {
    fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}

impl Clock {
    fn running() -> &'static Self {
        static CLOCK: OnceLock<&'static Clock> = OnceLock::new();
        CLOCK.get_or_init(|| {
            let clock: &'static Self = Box::leak(Box::default());
            thread::spawn(|| clock.run());
            clock
        })
    }

    fn run(&self) {
        let mut waiting = self.lock();
        loop {
            let now = Instant::now();
            while let Some(first) = waiting.wakers.first_entry()
                && first.key().0 <= now
            {
                first.remove().wake();
            }
            waiting = match waiting.wakers.first_key_value() {
                Some(((until, _), _)) => {
                    let time = until.saturating_duration_since(now);
                    self.changed.wait_timeout(waiting, time).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
