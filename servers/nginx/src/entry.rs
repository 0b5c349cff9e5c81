//! The application in the worker: its start and its end.

use std::{
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use falconry_in_process::{InProcessServer, InProcessServerOptions, Main, Worker};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::JoinHandle,
};

use crate::{abi, event_loop::Loop, exports};

/// How long the worker waits for its application at the end, when all requests are over.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

static ENTRY: OnceLock<Main> = OnceLock::new();
static INSTANCE: OnceLock<Instance> = OnceLock::new();

/// For [`export_app!`](crate::export_app): what the module is given.
#[doc(hidden)]
pub fn app(entry: Main) -> *const abi::App {
    ENTRY.get_or_init(|| entry);
    &raw const exports::APP
}

/// The application in this worker.
pub(crate) struct Instance {
    pub(crate) event_loop: Loop,
    pub(crate) server: InProcessServer,
    pub(crate) runtime: Handle,
    running: Mutex<Option<(Runtime, JoinHandle<Result<(), String>>)>>,
}

/// The application in this worker; `None` before its start.
pub(crate) fn instance() -> Option<&'static Instance> {
    INSTANCE.get()
}

/// What the module says at the start.
pub(crate) struct Settings {
    pub(crate) threads: usize,
    pub(crate) start_timeout: Duration,
    pub(crate) addresses: Vec<String>,
}

impl Instance {
    /// Starts the runtime and the application, and waits until that takes requests.
    pub(crate) fn start(event_loop: Loop, settings: Settings) -> Result<(), String> {
        let entry = ENTRY.get().ok_or("the application has no entry")?;
        let mask_signals = event_loop.mask_signals();
        let runtime = Builder::new_multi_thread()
            .worker_threads(settings.threads)
            .thread_name("falconry")
            // A signal that one of these took would not interrupt nginx's loop.
            .on_thread_start(mask_signals)
            .enable_all()
            .build()
            .map_err(|error| format!("the runtime cannot be started: {error}"))?;
        let server = InProcessServer::new(InProcessServerOptions {
            listening_on: settings.addresses,
            on_stop: Some(Box::new(|| {
                if let Some(instance) = instance() {
                    instance.event_loop.quit();
                }
            })),
            takes_requests_until_closed: true,
            ..InProcessServerOptions::default()
        });
        Worker { name: "nginx", server: server.clone() }.enter();
        let handle = runtime.handle().clone();
        let instance = Self { event_loop, server, runtime: handle, running: Mutex::default() };
        let instance = INSTANCE.get_or_init(|| instance);
        let mut run = runtime.spawn(entry());
        let started = runtime.block_on(async {
            tokio::select! {
                outcome = instance.server.started_by(&mut run) => outcome,
                () = tokio::time::sleep(settings.start_timeout) => {
                    Err(format!("the application has not started within {:?}", settings.start_timeout))
                }
            }
        });
        *instance.lock() = Some((runtime, run));
        started
    }

    /// The worker exits when its requests are over: the application is told.
    pub(crate) fn stopping(&self) {
        self.server.request_stop();
    }

    /// The worker exits now.
    pub(crate) fn stop(&self) {
        let Some((runtime, run)) = self.lock().take() else { return };
        self.server.request_stop();
        self.server.abort_all();
        self.server.close();
        let ended = runtime.block_on(async { tokio::time::timeout(STOP_TIMEOUT, run).await });
        match ended {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => self.event_loop.log_here(abi::LOG_ERROR, &error),
            Ok(Err(error)) => self.event_loop.log_here(abi::LOG_ERROR, &error.to_string()),
            Err(_) => self
                .event_loop
                .log_here(abi::LOG_WARN, &format!("the application has not ended within {STOP_TIMEOUT:?}")),
        }
        runtime.shutdown_timeout(Duration::from_secs(1));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Runtime, JoinHandle<Result<(), String>>)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
