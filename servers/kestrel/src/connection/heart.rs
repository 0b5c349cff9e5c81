//! Callbacks that come once a second while a connection lives.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use falconry_features::PanicError;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};

use super::{ConnectionShared, Lifetime};

/// From one beat to the next.
const BEAT: Duration = Duration::from_secs(1);

type Callback = Box<dyn FnMut() + Send>;

/// What shall be called. Without anything in it, no time is kept.
#[derive(Default)]
pub(crate) struct Heart {
    has_callbacks: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    callbacks: Vec<Callback>,
    has_stopped: bool,
}

impl Heart {
    /// Adds a callback, whose connection must be told to look; one that comes too late is dropped.
    pub(super) fn add(&self, callback: Callback) {
        let mut state = self.lock();
        if !state.has_stopped {
            state.callbacks.push(callback);
            self.has_callbacks.store(true, Ordering::Release);
        }
    }

    /// The connection has ended: forgets everything.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.has_stopped = true;
        let callbacks = std::mem::take(&mut state.callbacks);
        // What a callback holds may reach for the heart when it goes.
        drop(state);
        drop(callbacks);
    }

    fn beats(&self) -> bool {
        self.has_callbacks.load(Ordering::Acquire)
    }

    /// Calls everything. Callbacks may register others, which are called with the next beat.
    fn beat(&self) {
        let mut callbacks = std::mem::take(&mut self.lock().callbacks);
        for callback in &mut callbacks {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(callback)) {
                let error = PanicError::new(&*payload);
                let error = &error as &(dyn std::error::Error + 'static);
                tracing::error!(error, "a heartbeat's callback failed");
            }
        }
        let mut state = self.lock();
        callbacks.append(&mut state.callbacks);
        if !state.has_stopped {
            state.callbacks = callbacks;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Heart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heart").field("beats", &self.beats()).finish_non_exhaustive()
    }
}

pin_project! {
    /// A connection that is served until it ends, with its heart.
    pub(super) struct Beating<F> {
        #[pin]
        served: F,
        lifetime: Arc<Lifetime>,
        timer: Option<Pin<Box<Sleep>>>,
    }
}

impl<F> Beating<F> {
    pub(super) fn new(served: F, connection: &ConnectionShared) -> Self {
        Self { served, lifetime: Arc::clone(&connection.lifetime), timer: None }
    }
}

impl<F: Future> Future for Beating<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let served = this.served.poll(cx);
        // Afterwards: what has just been registered begins now.
        let heart = &this.lifetime.heart;
        if served.is_pending() && heart.beats() {
            let timer = this.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(BEAT)));
            while timer.as_mut().poll(cx).is_ready() {
                heart.beat();
                // Counted from here: beats that a busy machine has missed are not made up for.
                timer.as_mut().reset(Instant::now() + BEAT);
            }
        }
        served
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    fn counting(count: &Arc<AtomicU32>) -> Callback {
        let count = Arc::clone(count);
        Box::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        })
    }

    fn beating() -> (Arc<Lifetime>, Beating<std::future::Pending<()>>) {
        let lifetime = Arc::<Lifetime>::default();
        let beating =
            Beating { served: std::future::pending(), lifetime: Arc::clone(&lifetime), timer: None };
        (lifetime, beating)
    }

    #[tokio::test(start_paused = true)]
    async fn a_heart_beats_once_a_second_from_the_registration_on() {
        let (lifetime, beating) = beating();
        let count = Arc::<AtomicU32>::default();
        lifetime.heart.add(counting(&count));
        let served = tokio::spawn(beating);
        tokio::time::sleep(Duration::from_millis(999)).await;
        assert_eq!(count.load(Ordering::Relaxed), 0);
        tokio::time::sleep(Duration::from_millis(2002)).await;
        assert_eq!(count.load(Ordering::Relaxed), 3);
        served.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_heart_without_callbacks_keeps_no_time() {
        let (_, mut beating) = beating();
        let polled = std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut beating).poll(cx))).await;
        assert!(polled.is_pending());
        assert!(beating.timer.is_none());
    }

    #[test]
    fn a_callback_that_registers_another_is_called_with_it_the_next_time() {
        let heart = Arc::<Heart>::default();
        let count = Arc::<AtomicU32>::default();
        let (again, counted) = (Arc::clone(&heart), Arc::clone(&count));
        let mut is_first = true;
        heart.add(Box::new(move || {
            if std::mem::take(&mut is_first) {
                again.add(counting(&counted));
            }
        }));
        heart.beat();
        assert_eq!(count.load(Ordering::Relaxed), 0);
        heart.beat();
        assert_eq!(count.load(Ordering::Relaxed), 1);
        heart.stop();
    }

    #[test]
    fn after_the_end_nothing_is_kept() {
        let heart = Heart::default();
        let count = Arc::<AtomicU32>::default();
        heart.add(counting(&count));
        heart.stop();
        heart.add(counting(&count));
        heart.beat();
        assert_eq!((count.load(Ordering::Relaxed), Arc::strong_count(&count)), (0, 1));
    }
}
