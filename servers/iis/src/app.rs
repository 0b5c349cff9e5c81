//! The application in this worker: started with the first request, stopped with the worker.

use std::{
    fmt::Display,
    pin::Pin,
    sync::{Mutex, OnceLock, PoisonError, mpsc},
    thread,
    time::Duration,
};

use falconry_features::{IisEnvironment, IisEnvironmentFeature};
use falconry_in_process::{InProcessServer, InProcessServerOptions, Worker};
use http::StatusCode;
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::oneshot,
};

use crate::{
    abi::{Pointer, status},
    native::{Context, NativeServer},
    request::PathBase,
};

/// How long the application may take until it has started its server (`startupTimeLimit`).
const STARTUP_TIME_LIMIT: Duration = Duration::from_secs(120);
/// How long the worker's end waits for the application's (`shutdownTimeLimit`).
const SHUTDOWN_TIME_LIMIT: Duration = Duration::from_secs(10);

/// The application's program: what its `main` would be.
pub type Main = fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// For [`export_app!`](crate::export_app): the application's future.
#[doc(hidden)]
pub fn run<E: Display>(
    run: impl Future<Output = Result<(), E>> + Send + 'static,
) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
    Box::pin(async move { run.await.map_err(|error| error.to_string()) })
}

/// What IIS said when it loaded the module.
#[derive(Clone, Copy)]
pub(crate) struct Registered {
    pub(crate) server: NativeServer,
    pub(crate) module_id: Pointer,
    pub(crate) main: Main,
}

// SAFETY: the number of the module is only handed back to IIS.
unsafe impl Send for Registered {}
// SAFETY: as above.
unsafe impl Sync for Registered {}

static REGISTERED: OnceLock<Registered> = OnceLock::new();
static APP: OnceLock<Result<App, Failure>> = OnceLock::new();

/// The application in this worker.
pub(crate) struct App {
    registered: Registered,
    runtime: Runtime,
    server: InProcessServer,
    path_base: PathBase,
    ended: Mutex<mpsc::Receiver<()>>,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// 500.30: it ended before it had started its server.
    Ended,
    /// 500.37: it did not start in time.
    TimedOut,
    /// 500.0: the worker is in no state for it.
    Worker,
}

impl App {
    /// Notes what IIS said; false if the module was loaded before.
    pub(crate) fn register(registered: Registered) -> bool {
        REGISTERED.set(registered).is_ok()
    }

    /// The application, started if this is the first request.
    pub(crate) fn of_worker(context: &Context) -> Result<&'static Self, Failure> {
        APP.get_or_init(|| Self::start(context)).as_ref().map_err(|failure| *failure)
    }

    /// The worker is about to end: the application stops its server.
    pub(crate) fn stop() {
        if let Some(Ok(app)) = APP.get() {
            app.server.request_stop();
        }
    }

    /// Waits for the application's end, as long as it may take.
    pub(crate) fn wait_for_end() {
        if let Some(Ok(app)) = APP.get() {
            app.server.request_stop();
            let ended = app.ended.lock().unwrap_or_else(PoisonError::into_inner);
            if ended.recv_timeout(SHUTDOWN_TIME_LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
                tracing::error!("the application did not end within {SHUTDOWN_TIME_LIMIT:?}");
            }
        }
    }

    pub(crate) fn native_server(&self) -> NativeServer {
        self.registered.server
    }

    pub(crate) fn module_id(&self) -> Pointer {
        self.registered.module_id
    }

    pub(crate) fn runtime(&self) -> &Handle {
        self.runtime.handle()
    }

    pub(crate) fn server(&self) -> &InProcessServer {
        &self.server
    }

    pub(crate) fn path_base(&self) -> &PathBase {
        &self.path_base
    }

    fn start(context: &Context) -> Result<Self, Failure> {
        let registered = *REGISTERED.get().ok_or(Failure::Worker)?;
        let runtime = Builder::new_multi_thread().enable_all().build().map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "the runtime cannot start");
            Failure::Worker
        })?;
        let path_base = PathBase::from_metabase(&context.server_variable("APPL_MD_PATH").unwrap_or_default());
        let environment = environment(context, registered.server, &path_base);
        let mut options = InProcessServerOptions::default();
        options.feature::<dyn IisEnvironmentFeature>(Box::new(environment));
        let server = InProcessServer::new(options);
        Worker { name: "iis", server: server.clone() }.enter();

        let (say_ended, mut hear_ended) = oneshot::channel();
        let (end, ended) = mpsc::channel();
        let (handle, native, started) = (runtime.handle().clone(), registered.server, server.clone());
        thread::spawn(move || {
            let result = handle.block_on((registered.main)());
            if let Err(error) = result {
                tracing::error!(error, "the application ended with an error");
            }
            let was_asked = started.stop_requested().is_cancelled();
            if started.started().is_cancelled() && !was_asked {
                native.recycle_process("the application ended by itself");
            }
            let _ = (say_ended.send(()), end.send(()));
        });
        runtime.block_on(async {
            tokio::select! {
                () = server.started().cancelled() => Ok(()),
                _ = &mut hear_ended => Err(Failure::Ended),
                () = tokio::time::sleep(STARTUP_TIME_LIMIT) => Err(Failure::TimedOut),
            }
        })?;
        Ok(Self { registered, runtime, server, path_base, ended: Mutex::new(ended) })
    }
}

impl Failure {
    /// Answers a request with the page that IIS has for it.
    pub(crate) fn answer(self, context: &Context) -> i32 {
        let sub_status = match self {
            Self::Ended => 30,
            Self::TimedOut => 37,
            Self::Worker => 0,
        };
        let _ = context.response().set_error(StatusCode::INTERNAL_SERVER_ERROR, sub_status);
        status::FINISH_REQUEST
    }
}

fn environment(context: &Context, server: NativeServer, path_base: &PathBase) -> IisEnvironment {
    let variable = |name| context.server_variable(name).unwrap_or_default();
    let metabase_path = variable("APPL_MD_PATH");
    let site = metabase_path.split('/').filter_map(|part| part.parse().ok()).next();
    IisEnvironment {
        version: version(&variable("SERVER_SOFTWARE")),
        app_pool_id: server.app_pool_name(),
        app_pool_config_file: server.app_pool_config_file().unwrap_or_default(),
        app_config_path: variable("APP_CONFIG_PATH"),
        application_physical_path: variable("APPL_PHYSICAL_PATH"),
        application_virtual_path: path_base.virtual_path().to_owned(),
        application_id: metabase_path,
        site_name: variable("SITE_NAME"),
        site_id: site.unwrap_or_default(),
    }
}

/// `Microsoft-IIS/10.0`.
fn version(software: &str) -> (u32, u32) {
    let number = software.rsplit('/').next().unwrap_or_default();
    let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
    (major.parse().unwrap_or_default(), minor.parse().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn the_version_is_that_of_the_software() {
        assert_eq!(version("Microsoft-IIS/10.0"), (10, 0));
        assert_eq!(version("Microsoft-IIS/8.5"), (8, 5));
        assert_eq!(version("another"), (0, 0));
    }
}
