//! What recorders write down.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

/// Lines in the order in which they came.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Inner>);

#[derive(Default)]
struct Inner {
    lines: Mutex<Vec<String>>,
    added: Notify,
}

impl Lines {
    pub(crate) fn push(&self, line: String) {
        self.0.lines.lock().unwrap().push(line);
        self.0.added.notify_one();
    }

    /// Writes a measurement down. A time is shown as `+` if it is one that a request can have taken.
    pub(crate) fn measured(&self, name: &str, value: f64, tags: impl Iterator<Item = (String, String)>) {
        let value = match name {
            "http.server.request.duration" if value > 0.0 && value < 600.0 => "+".to_owned(),
            _ => value.to_string(),
        };
        let tags: String = tags.map(|(name, value)| format!(" {name}={value}")).collect();
        self.push(format!("{name} {value}{tags}"));
    }

    /// Takes so many lines, waiting for them.
    pub(crate) async fn take(&self, count: usize) -> Vec<String> {
        let arrived = async {
            while self.count() < count {
                self.0.added.notified().await;
            }
        };
        let waited = timeout(Duration::from_secs(60), arrived).await;
        assert!(waited.is_ok(), "{count} lines are wanted, these are there: {:?}", self.now());
        self.0.lines.lock().unwrap().drain(..count).collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lines.lock().unwrap().len()
    }

    pub(crate) fn clear(&self) {
        self.0.lines.lock().unwrap().clear();
    }

    pub(crate) fn now(&self) -> Vec<String> {
        self.0.lines.lock().unwrap().clone()
    }
}
