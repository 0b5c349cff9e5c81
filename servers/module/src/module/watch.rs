//! Files that change while the module runs: its configuration, and `app_offline.htm`.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{PoisonError, Weak},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::{MissedTickBehavior, interval};

use super::Shared;
use crate::{ConfigurationError, ModuleConfiguration};

/// How often `app_offline.htm` is looked for. The content of files is compared, as the host does it: events miss a
/// change on a network drive, times one that keeps them.
const INTERVAL: Duration = Duration::from_millis(250);

/// The configuration is read every second.
const TICKS_OF_A_SECOND: u64 = 4;

const OFFLINE: &str = "app_offline.htm";

/// What the files of the configuration held when they were last looked at.
type Seen = Vec<(PathBuf, Option<Vec<u8>>)>;

/// Looks at the files until the module is gone.
pub(super) async fn run(weak: Weak<Shared>) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = Seen::new();
    for tick in 0_u64.. {
        ticks.tick().await;
        let Some(module) = weak.upgrade() else { return };
        let is_second = tick % TICKS_OF_A_SECOND == 0;
        if is_second {
            module.router.load().iter().for_each(|application| application.tick());
        }
        let former = std::mem::take(&mut seen);
        let looked = tokio::task::spawn_blocking(move || {
            module.look_for_offline_pages();
            if is_second { module.look_at_configuration(former) } else { (former, None) }
        });
        let Ok((now, change)) = looked.await else { continue };
        seen = now;
        if let (Some(change), Some(module)) = (change, weak.upgrade()) {
            module.apply(change);
        }
    }
}

/// Another configuration, and the files that have changed.
struct Change {
    configuration: Result<ModuleConfiguration, ConfigurationError>,
    files: Vec<PathBuf>,
}

impl Shared {
    fn look_for_offline_pages(&self) {
        for application in self.router.load().iter() {
            application.set_offline(offline_page(&application.configuration().physical_path));
        }
    }

    /// Reads the files, and the configuration anew if they hold something else than `former`.
    fn look_at_configuration(&self, former: Seen) -> (Seen, Option<Change>) {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let now: Seen = files.into_iter().map(|file| (file.clone(), fs::read(file).ok())).collect();
        // What is found first is what the module was made with, or as good as that.
        if former.is_empty() || former == now {
            return (now, None);
        }
        let changed = now.iter().filter(|entry| !former.contains(entry)).map(|(file, _)| file.clone());
        let change =
            Change { files: changed.collect(), configuration: ModuleConfiguration::load(&self.sources) };
        (now, Some(change))
    }

    fn apply(&self, change: Change) {
        let mut error = self.configuration_error.lock().unwrap_or_else(PoisonError::into_inner);
        match change.configuration {
            Ok(configuration) => {
                error.clear();
                drop(error);
                *self.files.lock().unwrap_or_else(PoisonError::into_inner) = configuration.files.clone();
                self.reconfigure(configuration, &change.files);
            }
            Err(wrong) => {
                tracing::error!(error = %wrong, "the configuration has changed and is wrong; the module goes on with the former");
                *error = wrong.to_string();
            }
        }
    }
}

/// The page that stands for the application in this folder, if there is one.
pub(super) fn offline_page(folder: &Path) -> Option<Bytes> {
    match fs::read(folder.join(OFFLINE)) {
        Ok(page) => Some(page.into()),
        // Whoever is writing it has locked it.
        Err(error) if error.kind() != io::ErrorKind::NotFound && folder.join(OFFLINE).exists() => {
            Some(Bytes::new())
        }
        Err(_) => None,
    }
}
