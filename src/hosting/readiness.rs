//! What a service manager is told: ready, alive, stopping.
//!
//! systemd names a socket in `NOTIFY_SOCKET` to services of `Type=notify`; without it nothing is told.

use sd_notify::NotifyState;

use super::ApplicationLifetime;

/// Tells systemd of a host's life: `READY=1` once the server accepts, `WATCHDOG=1` in half the time that
/// `WatchdogSec=` gives until the host has stopped, `STOPPING=1` when the stop begins.
pub(super) fn attach(lifetime: &ApplicationLifetime) {
    let stopped = lifetime.stopped().clone();
    lifetime.on_started(move || {
        tell(NotifyState::Ready);
        let interval = sd_notify::watchdog_enabled().map(|time| time / 2);
        if let Some(interval) = interval.filter(|interval| !interval.is_zero()) {
            tokio::spawn(async move {
                let mut ticks = tokio::time::interval(interval);
                let alive = async {
                    loop {
                        ticks.tick().await;
                        tell(NotifyState::Watchdog);
                    }
                };
                tokio::select! {
                    () = alive => {}
                    () = stopped.cancelled() => {}
                }
            });
        }
    });
    lifetime.on_stopping(|| tell(NotifyState::Stopping));
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd could not be told");
    }
}
