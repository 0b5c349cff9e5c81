//! The worker that this process is, if it is one.

use std::sync::{Mutex, PoisonError};

use crate::InProcessServer;

static WORKER: Mutex<Option<Worker>> = Mutex::new(None);

/// A native worker that an application lives in.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The name of its kind of server, as applications choose servers by: `nginx`, `iis`.
    pub name: &'static str,
    /// The server that hands over the worker's requests.
    pub server: InProcessServer,
}

impl Worker {
    /// Makes this process a worker: what builds a server from now on finds this one. The module calls it
    /// before the application's own code runs.
    pub fn enter(self) {
        *WORKER.lock().unwrap_or_else(PoisonError::into_inner) = Some(self);
    }

    /// The worker that the calling code lives in; `None` in a program of its own.
    pub fn current() -> Option<Self> {
        WORKER.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
