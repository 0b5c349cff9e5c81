//! The end of a process: no more requests, the message, the signal, the kill.

use std::{pin::pin, sync::atomic::Ordering, time::Duration};

use tokio::time::{Instant, timeout, timeout_at};

use super::Process;
use crate::{forward, keeper::Exit};

impl Process {
    /// Lets the requests under way finish, for as long as a shutdown may take, then stops the process.
    pub(crate) async fn drain_and_stop(&self) -> Exit {
        self.is_retiring.store(true, Ordering::SeqCst);
        let _ = timeout(self.shutdown_time_limit, self.idle()).await;
        self.stop().await
    }

    /// Asks the process to stop as `UseIISIntegration` understands it, else by signal; kills it and all that it
    /// started when the time is up.
    async fn stop(&self) -> Exit {
        let limit = self.shutdown_time_limit;
        let deadline = Instant::now() + limit;
        let mut exited = pin!(self.exited());
        let asked = tokio::select! {
            exit = &mut exited => return exit,
            asked = forward::request_shutdown(&self.backend, &self.options, limit) => asked.is_ok(),
        };
        self.backend.retire();
        if !asked {
            let id = self.id();
            tracing::debug!(
                id,
                "the process did not take the message to stop; it gets the signal, or is killed"
            );
            self.child.terminate();
        }
        if let Ok(exit) = timeout_at(deadline, &mut exited).await {
            return exit;
        }
        tracing::warn!(id = self.id(), ?limit, "the process did not stop in time and is killed");
        self.child.kill();
        // A killed process ends, unless the system hangs on a disk: that is nothing to wait for.
        timeout(Duration::from_secs(5), exited).await.unwrap_or(Exit::Unknown)
    }

    async fn idle(&self) {
        loop {
            let mut notified = pin!(self.became_idle.notified());
            notified.as_mut().enable();
            if self.in_flight.load(Ordering::SeqCst) == 0 {
                return;
            }
            notified.await;
        }
    }
}
