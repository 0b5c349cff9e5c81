//! Configuration files that change while the program runs.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{Configuration, HostError, sources::Sources};

/// How often the files are looked at. Their content is compared: times of change miss an edit that keeps
/// them, and events miss one on a network drive.
const INTERVAL: Duration = Duration::from_secs(1);

/// The files of a configuration, and how to read it again.
#[derive(Debug)]
pub(super) struct Watch {
    sources: Arc<Sources>,
    files: Arc<[PathBuf]>,
    seen: Vec<Option<Vec<u8>>>,
    ticks: Option<Interval>,
}

impl Watch {
    /// Whatever the files hold when they are first looked at counts as a change: they may have been edited since
    /// the start.
    pub(super) fn new(sources: Sources, files: Vec<PathBuf>) -> Self {
        Self { sources: Arc::new(sources), files: files.into(), seen: Vec::new(), ticks: None }
    }

    /// Completes when a file has another content, has come or has gone: with the whole configuration, or with
    /// what is wrong with it.
    pub(super) async fn changed(&mut self) -> Result<Configuration, HostError> {
        loop {
            self.tick().await;
            let files = Arc::clone(&self.files);
            let read = move || files.iter().map(|path| std::fs::read(path).ok()).collect();
            let found: Vec<_> = blocking(read).await?;
            if found != self.seen {
                self.seen = found;
                let sources = Sources::clone(&self.sources);
                return blocking(|| sources.load().map(|settings| settings.configuration)).await?;
            }
        }
    }

    async fn tick(&mut self) {
        let ticks = self.ticks.get_or_insert_with(|| {
            let mut ticks = interval(INTERVAL);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        });
        ticks.tick().await;
    }
}

/// Runs what may wait for a disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, HostError> {
    tokio::task::spawn_blocking(work).await.map_err(HostError::start)
}
