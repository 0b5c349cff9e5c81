//! What happened to an application: for the log, and for who looks at its state.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use crate::{
    forward::ForwardError,
    keeper::Exit,
    process::{Process, StartError},
};

/// How many errors are kept.
const KEPT: usize = 50;

/// How much of a program's output goes to the log when it fails.
const OUTPUT_IN_LOG: usize = 2000;

/// Counts what happened, keeps the last errors, and writes all of it to the log.
#[derive(Debug, Default)]
pub(super) struct Journal {
    starts: AtomicU64,
    start_failures: AtomicU64,
    crashes: AtomicU64,
    recycles: AtomicU64,
    forward_failures: AtomicU64,
    errors: Mutex<VecDeque<ErrorEntry>>,
}

/// An error that happened.
#[derive(Clone, Debug)]
pub(super) struct ErrorEntry {
    pub(super) time: SystemTime,
    pub(super) text: String,
    /// How often it happened, one time after the other.
    pub(super) count: u64,
}

/// What was counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub(super) starts: u64,
    pub(super) start_failures: u64,
    pub(super) crashes: u64,
    pub(super) recycles: u64,
    pub(super) forward_failures: u64,
}

impl Journal {
    pub(super) fn started(&self, path: &str, process: &Process) {
        self.starts.fetch_add(1, Ordering::Relaxed);
        let address = process.backend.address();
        tracing::info!(event = 1001, path, process = process.id(), %address, "a process of the application started");
    }

    pub(super) fn start_failed(&self, path: &str, error: &StartError) {
        self.start_failures.fetch_add(1, Ordering::Relaxed);
        self.note(error.kind.to_string());
        let output = beginning(&error.output);
        tracing::error!(event = 1020, path, error = %error.kind, output, "a process of the application did not start");
    }

    pub(super) fn crashed(&self, path: &str, process: &Process, exit: Exit) {
        self.crashes.fetch_add(1, Ordering::Relaxed);
        self.note(format!("process {} ended by itself: {exit}", process.id()));
        let output = process.output();
        let output = beginning(&output);
        tracing::error!(event = 1030, path, process = process.id(), %exit, output, "a process of the application ended by itself");
    }

    pub(super) fn stopped(&self, path: &str, process: u32, exit: Exit) {
        tracing::info!(event = 1006, path, process, %exit, "a process of the application stopped");
    }

    pub(super) fn forward_failed(&self, path: &str, process: &Process, error: &ForwardError) {
        self.forward_failures.fetch_add(1, Ordering::Relaxed);
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
        self.note(format!("{error}{cause}"));
        tracing::warn!(path, process = process.id(), error = %error, cause, "a request could not be forwarded");
    }

    pub(super) fn offline(&self, path: &str) {
        tracing::info!(event = 1012, path, "the application is offline: there is an app_offline.htm");
    }

    pub(super) fn recycling(&self, path: &str) {
        self.recycles.fetch_add(1, Ordering::Relaxed);
        tracing::info!(event = 1021, path, "the application goes on with new processes");
    }

    pub(super) fn kept(&self, path: &str) {
        tracing::info!(path, "the configuration changed; disallowRotationOnConfigChange keeps the processes");
    }

    pub(super) fn recycle_failed(&self, path: &str) {
        self.note("the new configuration does not start; the processes of the former go on".to_owned());
        tracing::error!(
            event = 1022,
            path,
            "the new configuration does not start; the processes of the former go on"
        );
    }

    pub(super) fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            starts: read(&self.starts),
            start_failures: read(&self.start_failures),
            crashes: read(&self.crashes),
            recycles: read(&self.recycles),
            forward_failures: read(&self.forward_failures),
        }
    }

    /// The last errors, the newest first.
    pub(super) fn errors(&self) -> Vec<ErrorEntry> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn note(&self, text: String) {
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        let time = SystemTime::now();
        match errors.front_mut() {
            Some(last) if last.text == text => {
                last.count += 1;
                last.time = time;
            }
            _ => errors.push_front(ErrorEntry { time, text, count: 1 }),
        }
        errors.truncate(KEPT);
    }
}

fn beginning(text: &str) -> &str {
    let end = (0..=OUTPUT_IN_LOG.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}
