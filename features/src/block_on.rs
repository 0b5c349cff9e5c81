//! Futures on a thread of their own.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

/// Runs `future` to its end on this thread, which sleeps while there is nothing to do: for servers without a runtime.
///
/// ```
/// use falconry_features::{CancellationToken, block_on};
///
/// let token = CancellationToken::new();
/// let thread = std::thread::spawn({
///     let token = token.clone();
///     move || block_on(token.cancelled())
/// });
/// token.cancel();
/// thread.join().unwrap();
/// ```
pub fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        // A wake that came before this lets it return at once.
        thread::park();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}
