//! The application in this process: its start and its end.

use std::{
    pin::Pin,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use falconry_features::{CancellationToken, Cancelled};
use falconry_in_process::{InProcessServer, InProcessServerOptions, Main, Worker};
use tokio::runtime::{Builder, Handle, Runtime};

use super::functions;
use crate::abi::{AppTable, HostTable, Str, level};

static ENTRY: OnceLock<Main> = OnceLock::new();
static INSTANCE: OnceLock<Instance> = OnceLock::new();

/// The table of an application, whose first call says which.
pub fn table(entry: Main) -> *const AppTable {
    ENTRY.get_or_init(|| entry);
    &raw const functions::TABLE
}

/// The application in this process.
pub(super) struct Instance {
    pub(super) server: InProcessServer,
    pub(super) runtime: Handle,
    pub(super) log: Log,
    ended: CancellationToken,
    is_failed: AtomicBool,
    /// Whoever waits for the end.
    waits: Mutex<Option<Cancelled>>,
    owned: Mutex<Option<Runtime>>,
}

/// The log of the worker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Log(pub(super) HostTable);

impl Log {
    pub(super) fn error(self, text: &str) {
        self.write(level::ERROR, text);
    }

    fn write(self, level: u32, text: &str) {
        // SAFETY: the worker gave function and context, which stay; the text is there for the time of the call.
        unsafe { (self.0.log)(self.0.context, level, Str::new(text.as_bytes())) }
    }
}

impl Instance {
    /// The application; `None` before its start.
    pub(super) fn current() -> Option<&'static Self> {
        INSTANCE.get()
    }

    /// Starts the runtime and the application, and waits until that takes requests.
    pub(super) fn start(log: Log, addresses: Vec<String>) -> Result<(), String> {
        let entry = ENTRY.get().ok_or("the application has no entry")?;
        let runtime = Builder::new_multi_thread()
            .thread_name("falconry-app")
            .enable_all()
            .build()
            .map_err(|error| format!("the runtime cannot be started: {error}"))?;
        let options = InProcessServerOptions { listening_on: addresses, ..InProcessServerOptions::default() };
        let server = InProcessServer::new(options);
        let instance = Self {
            server: server.clone(),
            runtime: runtime.handle().clone(),
            log,
            ended: CancellationToken::new(),
            is_failed: AtomicBool::new(false),
            waits: Mutex::default(),
            owned: Mutex::new(Some(runtime)),
        };
        if INSTANCE.set(instance).is_err() {
            return Err("the application has been started before: a worker runs one, once".to_owned());
        }
        let instance = INSTANCE.get().ok_or("the application is not there")?;
        Worker { name: "module", server: server.clone() }.enter();
        let run = instance.runtime.spawn(async move { entry().await });
        let watch = instance.runtime.spawn(async {
            let end = match run.await {
                Ok(end) => end,
                Err(error) => Err(error.to_string()),
            };
            if end.is_err() {
                instance.is_failed.store(true, Ordering::Relaxed);
            }
            instance.ended.cancel();
            end
        });
        instance.runtime.block_on(server.started_by(watch))
    }

    /// Ready when the application has ended: whether without an error.
    pub(super) fn poll_end(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let mut waits = lock(&self.waits);
        let wait = waits.get_or_insert_with(|| self.ended.cancelled());
        Pin::new(wait).poll(cx).map(|()| !self.is_failed.load(Ordering::Relaxed))
    }

    /// Ends the application: after the deadline its requests are aborted.
    pub(super) fn stop(&self, deadline: Duration) {
        let Some(runtime) = lock(&self.owned).take() else { return };
        self.server.request_stop();
        runtime.block_on(async {
            if tokio::time::timeout(deadline, self.ended.cancelled()).await.is_err() {
                self.log
                    .write(level::WARN, "the application has not ended in time: its requests are aborted");
                self.server.abort_all();
                self.server.close();
            }
        });
        runtime.shutdown_timeout(Duration::from_secs(1));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
