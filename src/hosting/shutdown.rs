//! The way from the first signal to the end.

use std::{pin::pin, time::Duration};

use falconry_features::{CancellationToken, Deadline};
use tokio::time::{Instant, interval_at, sleep};

use super::{HostError, WebHost, signals::Signals};

/// Starts `host`, waits until it shall stop, and stops it.
pub(super) async fn run(host: &WebHost) -> Result<(), HostError> {
    let mut signals = Signals::new().map_err(HostError::start)?;
    tokio::select! {
        started = host.start() => started?,
        _ = signals.next() => return host.stop(Deadline::now()).await,
    }
    tokio::select! {
        signal = signals.next() => tracing::info!(signal, "a signal asks for the stop"),
        () = host.lifetime().stop_requested().cancelled() => {}
    }
    stop(host, host.shutdown_timeout(), Some(signals)).await
}

/// Stops `host`; tells how it gets on, and ends the wait when the time is up or a signal asks for that.
pub(super) async fn stop(
    host: &WebHost,
    timeout: Duration,
    mut signals: Option<Signals>,
) -> Result<(), HostError> {
    let cut = CancellationToken::new();
    let start = Instant::now();
    let mut stop = pin!(host.stop(Deadline::on(cut.clone(), Some(timeout))));
    let mut time_up = pin!(sleep(timeout));
    let mut second = interval_at(start + Duration::from_secs(1), Duration::from_secs(1));
    loop {
        let running = || requests(host.running_requests());
        tokio::select! {
            // In this order: the end of the time is said before another second of waiting.
            biased;
            stopped = &mut stop => return stopped,
            () = &mut time_up, if !cut.is_cancelled() => {
                host.console().warn(&format!("The shutdown timeout of {timeout:?} has passed: aborting {}.", running()));
                cut.cancel();
            }
            _ = second.tick(), if !cut.is_cancelled() => {
                let left = timeout.saturating_sub(start.elapsed()).as_secs();
                host.console().progress(&format!(
                    "Waiting for {} to finish, {left} s at most. Press Ctrl+C again to abort.",
                    running(),
                ));
            }
            signal = next(&mut signals) => {
                if cut.is_cancelled() {
                    return Err(HostError::stop(format!("another {signal} came before the server had ended")));
                }
                host.console().warn(&format!("A second signal ({signal}): aborting {}.", running()));
                cut.cancel();
            }
        }
    }
}

async fn next(signals: &mut Option<Signals>) -> &'static str {
    match signals {
        Some(signals) => signals.next().await,
        None => std::future::pending().await,
    }
}

fn requests(count: usize) -> String {
    match count {
        1 => "1 request".to_owned(),
        count => format!("{count} requests"),
    }
}
