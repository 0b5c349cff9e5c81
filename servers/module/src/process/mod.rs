//! One process of an application: its start, its life, its end.

mod address;
#[cfg(unix)]
#[path = "child_unix.rs"]
mod child;
#[cfg(windows)]
#[path = "child_windows.rs"]
mod child;
mod environment;
mod error;
mod launch;
mod output;
#[cfg(unix)]
mod socket_folder;
mod start;
mod stop;

use std::{
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    time::{Duration, SystemTime},
};

use tokio::sync::Notify;

pub(crate) use self::error::{StartError, StartErrorKind};
use self::{address::Place, child::Child, output::Output};
use crate::{
    forward::{Backend, ForwardOptions},
    keeper::Exit,
};

/// A process that listens.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) backend: Backend,
    pub(crate) options: ForwardOptions,
    pub(crate) started: SystemTime,
    child: Child,
    output: Option<Output>,
    shutdown_time_limit: Duration,
    requests: AtomicU64,
    in_flight: AtomicUsize,
    /// No request comes to it any more.
    is_retiring: AtomicBool,
    became_idle: Notify,
    #[cfg(unix)]
    _folder: Option<socket_folder::SocketFolder>,
}

impl Process {
    fn with(
        child: Child,
        place: Place,
        output: Option<Output>,
        options: ForwardOptions,
        shutdown_time_limit: Duration,
    ) -> Self {
        Self {
            backend: Backend::new(place.address),
            options,
            started: SystemTime::now(),
            child,
            output,
            shutdown_time_limit,
            requests: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            is_retiring: AtomicBool::new(false),
            became_idle: Notify::new(),
            #[cfg(unix)]
            _folder: place.folder,
        }
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Completes when the process has ended.
    pub(crate) fn exited(&self) -> impl Future<Output = Exit> + Send + 'static {
        self.child.exited()
    }

    /// The beginning of what it wrote.
    pub(crate) fn output(&self) -> String {
        self.output.as_ref().map(Output::text).unwrap_or_default()
    }

    /// How many requests it has had, and has now.
    pub(crate) fn requests(&self) -> (u64, usize) {
        (self.requests.load(Ordering::Relaxed), self.in_flight.load(Ordering::Relaxed))
    }

    pub(crate) fn is_retiring(&self) -> bool {
        self.is_retiring.load(Ordering::SeqCst)
    }

    /// Counts a request until the guard goes; `None` if no request comes to the process any more.
    pub(crate) fn enter(self: &std::sync::Arc<Self>) -> Option<InFlight> {
        // In this order, as `drain` does it the other way round: it sees the request, or the request sees it.
        self.in_flight.fetch_add(1, Ordering::SeqCst);
        let guard = InFlight(std::sync::Arc::clone(self));
        if self.is_retiring() {
            return None;
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        Some(guard)
    }
}

/// A request under way at a process.
#[derive(Debug)]
pub(crate) struct InFlight(std::sync::Arc<Process>);

impl std::ops::Deref for InFlight {
    type Target = std::sync::Arc<Process>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.0.in_flight.fetch_sub(1, Ordering::SeqCst) == 1 && self.0.is_retiring() {
            self.0.became_idle.notify_waiters();
        }
    }
}
