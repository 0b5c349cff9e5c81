//! [`RequestTask`]: the application's run for one request.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use falconry_features::{BoxError, BoxFuture, PanicError, RequestOutcome};
use tokio::runtime::Handle;

use crate::exchange::Exchange;

/// The application's run for one request: a future that the host polls, or has polled.
///
/// [`spawn`](Self::spawn) runs it on the runtime. Cheaper, if the application answers without waiting, is
/// [`poll_here`](Self::poll_here) on the host's thread first.
///
/// Dropped before its end, it aborts the request.
#[must_use = "a request does nothing unless its task is polled"]
pub struct RequestTask {
    exchange: Arc<Exchange>,
    runtime: Handle,
    run: Option<BoxFuture<'static, RequestOutcome>>,
}

impl RequestTask {
    pub(crate) fn new(
        exchange: Arc<Exchange>,
        runtime: Handle,
        run: BoxFuture<'static, RequestOutcome>,
    ) -> Self {
        Self { exchange, runtime, run: Some(run) }
    }

    /// Runs the task on the runtime.
    pub fn spawn(self) {
        let runtime = self.runtime.clone();
        drop(runtime.spawn(self));
    }

    /// Runs the task here as far as it goes without waiting, then on the runtime. For hosts with an event
    /// loop, on its thread.
    ///
    /// `between` is called after each step, to carry out what was begun in it; while that brings
    /// something the task goes on here, a few times at most, for other requests wait meanwhile.
    pub fn poll_here(mut self, mut between: impl FnMut()) {
        const STEPS: usize = 8;
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut cx = Context::from_waker(&waker);
        for _ in 0..STEPS {
            let is_done = {
                let _runtime = self.runtime.enter();
                Pin::new(&mut self).poll(&mut cx).is_ready()
            };
            between();
            if is_done {
                return;
            }
            if !flag.0.swap(false, Ordering::AcqRel) {
                break;
            }
        }
        self.spawn();
    }

    fn end(&mut self, outcome: RequestOutcome) {
        let RequestOutcome { features, error, callback_errors, .. } = outcome;
        drop(features);
        for error in error.iter().chain(&callback_errors) {
            self.exchange.report(error);
        }
    }

    fn panicked(&mut self, payload: &(dyn std::any::Any + Send)) {
        let error: BoxError = PanicError::new(payload).into();
        self.exchange.report(&error);
        self.exchange.answer_panic();
    }

    /// Drops the application's future, which may panic, too.
    fn drop_run(&mut self) {
        let Some(run) = self.run.take() else { return };
        // What the application drops may use the runtime.
        let _runtime = self.runtime.enter();
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(run))) {
            self.panicked(&*payload);
        }
    }
}

impl Future for RequestTask {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let Some(run) = &mut this.run else { return Poll::Ready(()) };
        // Asked first: the application sees `RequestAborted` once before it is dropped.
        let is_last = this.exchange.enter();
        match catch_unwind(AssertUnwindSafe(|| run.as_mut().poll(cx))) {
            Ok(Poll::Pending) if !is_last => {
                this.exchange.leave(cx);
                return Poll::Pending;
            }
            Ok(Poll::Pending) => this.drop_run(),
            Ok(Poll::Ready(outcome)) => {
                this.end(outcome);
                this.drop_run();
            }
            Err(payload) => {
                this.panicked(&*payload);
                this.drop_run();
            }
        }
        this.exchange.application_ended();
        Poll::Ready(())
    }
}

impl Drop for RequestTask {
    fn drop(&mut self) {
        if self.run.is_some() {
            self.exchange.give_up();
            self.drop_run();
            self.exchange.application_ended();
        }
    }
}

impl fmt::Debug for RequestTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestTask").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}

/// Notes that the task was woken.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}
