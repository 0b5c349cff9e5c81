//! When the application has started, is stopping and has stopped.

use std::panic::{AssertUnwindSafe, catch_unwind};

use falconry_features::{CancellationToken, PanicError};

/// The events of a host's life, and the way to end it (`IHostApplicationLifetime`). Clones share them.
///
/// ```
/// use falconry::WebHost;
///
/// let builder = WebHost::builder();
/// let lifetime = builder.lifetime();
/// lifetime.on_stopping(|| println!("saving the caches"));
/// // A handler that captures `lifetime` may end the program:
/// lifetime.stop_application();
/// assert!(lifetime.stop_requested().is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct ApplicationLifetime {
    started: CancellationToken,
    stop_requested: CancellationToken,
    stopping: CancellationToken,
    stopped: CancellationToken,
}

impl ApplicationLifetime {
    /// Asks the host to stop. Whoever runs it ([`WebHost::run`](crate::WebHost::run)) then does so.
    pub fn stop_application(&self) {
        self.stop_requested.cancel();
    }

    /// Fires when the server is accepting requests.
    pub fn started(&self) -> &CancellationToken {
        &self.started
    }

    /// Fires when somebody called [`stop_application`](Self::stop_application).
    pub fn stop_requested(&self) -> &CancellationToken {
        &self.stop_requested
    }

    /// Fires when the stop begins; requests are still running.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Fires when the server has stopped and no request is running any more.
    pub fn stopped(&self) -> &CancellationToken {
        &self.stopped
    }

    /// Runs `callback` once the application has started. Of several, the last registered runs first;
    /// one that panics does not keep the others from running.
    pub fn on_started(&self, callback: impl FnOnce() + Send + 'static) {
        self.started.on_cancelled(guarded("started", callback));
    }

    /// Runs `callback` when the stop begins, before the server stops accepting.
    pub fn on_stopping(&self, callback: impl FnOnce() + Send + 'static) {
        self.stopping.on_cancelled(guarded("stopping", callback));
    }

    /// Runs `callback` at the end of the stop.
    pub fn on_stopped(&self, callback: impl FnOnce() + Send + 'static) {
        self.stopped.on_cancelled(guarded("stopped", callback));
    }

    /// Fires one of the events; nothing that hangs on it can break the host's way on.
    pub(super) fn fire(&self, event: Event) {
        let token = match event {
            Event::Started => &self.started,
            Event::Stopping => &self.stopping,
            Event::Stopped => &self.stopped,
        };
        guarded("lifetime", || token.cancel())();
    }
}

/// An event of the host.
#[derive(Clone, Copy)]
pub(super) enum Event {
    Started,
    Stopping,
    Stopped,
}

fn guarded(event: &'static str, callback: impl FnOnce()) -> impl FnOnce() {
    move || {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(callback)) {
            let error = PanicError::new(&*payload);
            tracing::error!(event, error = &error as &dyn std::error::Error, "a lifetime callback failed");
        }
    }
}
