//! [`WebHost`]: a server, the application on it, and their life.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use falconry_features::{Deadline, FeatureCollection, Server, ServerAddressesFeature};

use super::{
    ApplicationLifetime, Configuration, HostError, HostingApplication, WebHostBuilder, addresses,
    console::Console, in_flight::InFlight, lifetime::Event, metrics::Observers, shutdown,
    worker::NativeWorker,
};
use crate::Handler;

/// A server with the application on it: it is started once and stopped once.
///
/// Most programs only [`run`](Self::run); tests build, start and stop.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), falconry::HostError> {
/// use falconry::{HttpContext, Result, WebHost, features::*};
///
/// # #[derive(Default)] struct Custom(FeatureCollection);
/// # #[async_trait::async_trait] impl Server for Custom {
/// #     fn features(&self) -> &FeatureCollection { &self.0 }
/// #     async fn start(&self, _: std::sync::Arc<dyn HttpApplication>) -> Result<(), ServerError> { Ok(()) }
/// #     async fn stop(&self, _: Deadline) -> Result<(), ServerError> { Ok(()) }
/// # }
/// # let server = Custom::default();
/// async fn hello(ctx: &mut HttpContext) -> Result<()> {
///     ctx.response_mut().write("Hello World!").await
/// }
///
/// let host = WebHost::builder().server(server).build(hello)?;
/// host.start().await?;
/// println!("{:?}", host.addresses());
/// host.stop(Deadline::never()).await
/// # }
/// ```
pub struct WebHost {
    parts: Parts,
    application: Arc<HostingApplication>,
    in_flight: Arc<InFlight>,
    state: Mutex<State>,
}

/// What a builder makes a host from.
pub(super) struct Parts {
    pub(super) server: Box<dyn Server>,
    pub(super) server_name: String,
    pub(super) worker: Option<NativeWorker>,
    pub(super) lifetime: ApplicationLifetime,
    pub(super) console: Console,
    pub(super) shutdown_timeout: Duration,
    pub(super) observers: Observers,
    pub(super) configuration: Configuration,
    pub(super) environment: String,
    pub(super) content_root: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Starting,
    Started,
    Failed,
    /// `ran`: the server has something to stop.
    Stopped {
        ran: bool,
    },
}

impl WebHost {
    /// Says what a host shall be.
    pub fn builder() -> WebHostBuilder {
        WebHostBuilder::new()
    }

    /// Runs `handler` with the settings of environment, files and command line until Ctrl-C or another
    /// signal asks for the stop.
    ///
    /// # Errors
    /// As [`WebHostBuilder::run`].
    pub async fn run(handler: impl Handler) -> Result<(), HostError> {
        Self::builder().args(std::env::args()).run(handler).await
    }

    pub(super) fn new(handler: impl Handler, mut parts: Parts) -> Self {
        #[cfg(all(unix, feature = "systemd"))]
        super::readiness::attach(&parts.lifetime);
        let in_flight = Arc::new(InFlight::default());
        let application = Arc::new(HostingApplication::counted(
            handler,
            Arc::clone(&in_flight),
            std::mem::take(&mut parts.observers),
        ));
        Self { parts, application, in_flight, state: Mutex::new(State::New) }
    }

    /// Gives the server its addresses, starts it and tells where it listens. On return it is accepting.
    ///
    /// # Errors
    /// The server cannot start, for instance because an address is in use; an address in the
    /// configuration is no address; or the host has been started or stopped before.
    pub async fn start(&self) -> Result<(), HostError> {
        self.enter_start()?;
        let started = self.start_server().await;
        let state = if started.is_ok() { State::Started } else { State::Failed };
        self.change_state(State::Starting, state);
        started?;
        self.parts.lifetime.fire(Event::Started);
        for address in addresses::to_show(&*self.parts.server) {
            self.parts.console.status(&format!("Now listening on: {address}"));
        }
        self.parts.console.status("Application started. Press Ctrl+C to shut down.");
        self.parts.console.status(&format!("Hosting environment: {}", self.parts.environment));
        self.parts.console.status(&format!("Content root path: {}", self.parts.content_root.display()));
        Ok(())
    }

    /// Fires [`stopping`](ApplicationLifetime::stopping), stops the server, which lets running requests
    /// finish and aborts what is left at `deadline`, then fires
    /// [`stopped`](ApplicationLifetime::stopped). A second call has no effect but waits as well.
    ///
    /// # Errors
    /// The server reports that it could not stop in order.
    pub async fn stop(&self, deadline: Deadline) -> Result<(), HostError> {
        let (is_first, ran) = self.enter_stop();
        if is_first {
            self.parts.lifetime.fire(Event::Stopping);
            self.parts.console.status("Application is shutting down...");
        }
        let stopped = if ran { self.parts.server.stop(deadline).await } else { Ok(()) };
        self.parts.lifetime.fire(Event::Stopped);
        stopped.map_err(HostError::stop)
    }

    /// As [`stop`](Self::stop), with a deadline so far from now.
    ///
    /// # Errors
    /// As [`stop`](Self::stop).
    pub async fn stop_within(&self, timeout: Duration) -> Result<(), HostError> {
        shutdown::stop(self, timeout, None).await
    }

    /// Starts, waits for a signal or for
    /// [`stop_application`](ApplicationLifetime::stop_application), and stops.
    ///
    /// The stop waits for running requests as long as the shutdown timeout says and tells once a second
    /// how many there are; a second signal aborts them at once, a third gives up waiting for the server.
    /// Signals: SIGINT (Ctrl-C), SIGTERM and SIGQUIT; on Windows Ctrl-C, Ctrl-Break, the closing of the
    /// console, the end of the user's session and the shutdown of the system. After the last three Windows
    /// ends the process as soon as some seconds have passed.
    ///
    /// In a native worker (IIS, nginx) the worker decides instead, and how long a stop may take is its own.
    ///
    /// # Errors
    /// Those of [`start`](Self::start) and [`stop`](Self::stop).
    pub async fn run_until_stopped(&self) -> Result<(), HostError> {
        match &self.parts.worker {
            Some(worker) => worker.run(self).await,
            None => shutdown::run(self).await,
        }
    }

    /// The events of this host.
    pub fn lifetime(&self) -> &ApplicationLifetime {
        &self.parts.lifetime
    }

    /// The addresses that will be bound, and after the start those that are; empty if the server has none.
    pub fn addresses(&self) -> Vec<String> {
        let feature = self.features().get::<dyn ServerAddressesFeature>();
        feature.map(ServerAddressesFeature::addresses).unwrap_or_default()
    }

    /// Adds an address. If one was added before the start, those of the configuration are not read.
    ///
    /// # Errors
    /// The server takes no addresses, or has been started.
    pub fn add_address(&self, address: &str) -> Result<(), HostError> {
        match self.features().get::<dyn ServerAddressesFeature>() {
            Some(feature) => feature.add(address).map_err(|error| HostError::state(error.to_string())),
            None => Err(HostError::state("this server takes no addresses")),
        }
    }

    /// What the server as a whole offers.
    pub fn features(&self) -> &FeatureCollection {
        self.parts.server.features()
    }

    /// The name of the server, as it is chosen by; `custom` if the program made it itself.
    pub fn server_name(&self) -> &str {
        &self.parts.server_name
    }

    /// All settings.
    pub fn configuration(&self) -> &Configuration {
        &self.parts.configuration
    }

    /// The name of the environment, such as `Production`.
    pub fn environment(&self) -> &str {
        &self.parts.environment
    }

    /// The directory of the program's files.
    pub fn content_root(&self) -> &Path {
        &self.parts.content_root
    }

    /// How long a stop waits for requests before it aborts them.
    pub fn shutdown_timeout(&self) -> Duration {
        self.parts.shutdown_timeout
    }

    /// How many requests the application is handling now.
    pub fn running_requests(&self) -> usize {
        self.in_flight.count()
    }

    pub(super) fn console(&self) -> &Console {
        &self.parts.console
    }

    async fn start_server(&self) -> Result<(), HostError> {
        let Parts { server, configuration, console, .. } = &self.parts;
        addresses::hand_over(configuration, &**server, console)?;
        let application = Arc::clone(&self.application);
        server.start(application).await.map_err(HostError::start)
    }

    fn enter_start(&self) -> Result<(), HostError> {
        let mut state = self.lock();
        match *state {
            State::New => {
                *state = State::Starting;
                Ok(())
            }
            State::Starting | State::Started => Err(HostError::state("the host has already been started")),
            State::Failed | State::Stopped { .. } => {
                Err(HostError::state("the host has been used; build another to serve again"))
            }
        }
    }

    /// Whether this is the first stop, and whether the server has been started.
    fn enter_stop(&self) -> (bool, bool) {
        let mut state = self.lock();
        let (is_first, ran) = match *state {
            State::New | State::Failed => (true, false),
            State::Starting | State::Started => (true, true),
            State::Stopped { ran } => (false, ran),
        };
        *state = State::Stopped { ran };
        (is_first, ran)
    }

    fn change_state(&self, from: State, to: State) {
        let mut state = self.lock();
        if *state == from {
            *state = to;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for WebHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebHost")
            .field("server", &self.parts.server_name)
            .field("addresses", &self.addresses())
            .field("state", &*self.lock())
            .finish_non_exhaustive()
    }
}
