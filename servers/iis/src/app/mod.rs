//! The application in this worker: started with the first request, stopped with the worker.

mod environment;
mod limits;
mod replacement;

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use falconry_features::IisEnvironmentFeature;
use falconry_in_process::{InProcessServer, InProcessServerOptions, Main, Worker};
use http::StatusCode;
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::oneshot,
};

use self::{
    limits::{END_TIME_LIMIT, TimeLimits},
    replacement::Replacement,
};
use crate::{
    abi::{Pointer, status},
    native::{Context, NativeServer},
    request::PathBase,
};

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
    /// Its path in the metabase.
    id: String,
    limits: TimeLimits,
    replacement: Arc<Replacement>,
    /// IIS takes no more requests for this worker.
    has_stopped_listening: AtomicBool,
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

    /// The application, if it has been started.
    pub(crate) fn started() -> Option<&'static Self> {
        APP.get()?.as_ref().ok()
    }

    /// IIS takes no more requests for this worker, which ends: the application stops its server. Requests that IIS
    /// has taken before still come, and are served.
    pub(crate) fn stop(&self) {
        if self.has_stopped_listening.swap(true, Ordering::AcqRel) {
            return;
        }
        self.replacement.settle();
        self.server.request_stop();
        let (server, limit) = (self.server.clone(), self.limits.shutdown);
        self.runtime.spawn(async move {
            tokio::time::sleep(limit).await;
            match server.running_requests() {
                0 => {}
                running => tracing::warn!(running, "requests are aborted: the stop has lasted for {limit:?}"),
            }
            server.close();
            server.abort_all();
        });
    }

    /// IIS has ended all requests of the application `id`.
    ///
    /// After [`stop`](Self::stop) there are no others. Else IIS has read another configuration for the application, and
    /// goes on with this worker: another takes its place, as the application is started once.
    pub(crate) fn application_stopped(&self, id: &str) {
        if !id.eq_ignore_ascii_case(&self.id) {
            return;
        }
        if self.has_stopped_listening.load(Ordering::Acquire) {
            self.server.close();
        } else {
            self.replacement.ask("IIS has stopped the application");
        }
    }

    /// The worker ends: waits for the application's end.
    pub(crate) fn terminate(&self) {
        self.stop();
        self.server.close();
        self.server.abort_all();
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.recv_timeout(END_TIME_LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
            tracing::error!("the application did not end within {END_TIME_LIMIT:?}");
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
        let id = context.server_variable("APPL_MD_PATH").unwrap_or_default();
        let path_base = PathBase::from_metabase(&id);
        let replacement = Arc::new(Replacement::new(registered.server));
        let mut options = InProcessServerOptions {
            on_stop: Some(on_stop(registered.server, Arc::clone(&replacement))),
            takes_requests_until_closed: true,
            ..InProcessServerOptions::default()
        };
        let environment = environment::environment(context, registered.server, &path_base);
        environment::enter_folder(&environment.application_physical_path);
        options.feature::<dyn IisEnvironmentFeature>(Box::new(environment));
        let server = InProcessServer::new(options);
        Worker { name: "iis", server: server.clone() }.enter();

        let (say_ended, mut hear_ended) = oneshot::channel();
        let (end, ended) = mpsc::channel();
        let (handle, started, asked) = (runtime.handle().clone(), server.clone(), Arc::clone(&replacement));
        thread::spawn(move || {
            let result = handle.block_on((registered.main)());
            if let Err(error) = result {
                tracing::error!(error, "the application ended with an error");
            }
            if started.started().is_cancelled() {
                asked.ask("the application ended by itself");
            }
            let _ = (say_ended.send(()), end.send(()));
        });
        let limits = TimeLimits::of_environment();
        let outcome = runtime.block_on(async {
            tokio::select! {
                () = server.started().cancelled() => Ok(()),
                _ = &mut hear_ended => Err(Failure::Ended),
                () = tokio::time::sleep(limits.startup) => Err(Failure::TimedOut),
            }
        });
        if let Err(failure) = outcome {
            if failure == Failure::TimedOut {
                replacement.ask("the application did not start in time");
            }
            // It may go on for itself; nobody waits for it.
            runtime.shutdown_background();
            return Err(failure);
        }
        let ended = Mutex::new(ended);
        let has_stopped_listening = AtomicBool::new(false);
        Ok(Self {
            registered,
            runtime,
            server,
            path_base,
            id,
            limits,
            replacement,
            has_stopped_listening,
            ended,
        })
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

/// What happens when the application stops its server: IIS is to start another worker, and tells this one when no more
/// requests come. IIS Express has no other worker, and says nothing.
fn on_stop(server: NativeServer, replacement: Arc<Replacement>) -> Box<dyn Fn() + Send + Sync> {
    Box::new(move || {
        if server.is_command_line_launch() {
            Worker::current().inspect(|worker| worker.server.close());
        }
        replacement.ask("the application stops");
    })
}
