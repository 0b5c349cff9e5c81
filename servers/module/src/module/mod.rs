//! [`Module`]: applications under their paths, as one [`HttpApplication`].

mod http_application;
mod router;
mod watch;

use std::{
    collections::HashMap,
    fmt,
    path::PathBuf,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use falconry_features::{BoxError, FeatureCollection, HttpRequestFeature, HttpResponseFeature};
use http::StatusCode;

use self::router::Router;
use crate::{
    ApplicationConfiguration, ConfigurationError, ConfigurationSource, ModuleConfiguration,
    application::{Application, Listening, ModuleSnapshot, milliseconds},
};

/// The module: starts the processes of applications, and forwards requests to them.
///
/// Any server of the contract can carry it. On unix the program calls
/// [`run_keeper_if_asked`](crate::run_keeper_if_asked) first of all.
///
/// ```no_run
/// # async fn run(server: impl falconry_features::Server) -> Result<(), Box<dyn std::error::Error>> {
/// use falconry_features::Deadline;
/// use falconry_module::{ConfigurationSource, Module, ModuleOptions};
/// use std::sync::Arc;
///
/// let source = ConfigurationSource::parse("web.config");
/// let module = Module::load(vec![source], ModuleOptions::default())?;
/// server.start(Arc::new(module.clone())).await?;
/// module.start(&["http://127.0.0.1:5000".to_owned()]);
/// // ...
/// server.stop(Deadline::never()).await?;
/// module.stop().await;
/// # Ok(()) }
/// ```
///
/// Clones are the same module. When the last is gone, all processes are killed; [`stop`](Self::stop) lets them end in
/// good order.
#[derive(Clone)]
pub struct Module {
    shared: Arc<Shared>,
}

/// What a module is told by its program.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModuleOptions {
    /// The time in which processes may end `rapidFailsPerMinute` times. Default: a minute, as the name says.
    pub rapid_fail_window: Duration,
}

struct Shared {
    router: ArcSwap<Router>,
    listening: Arc<Listening>,
    /// The files to follow; none if the configuration is the program's own.
    sources: Vec<ConfigurationSource>,
    /// All that the configuration was read from.
    files: Mutex<Vec<PathBuf>>,
    configuration_error: Mutex<String>,
    started: SystemTime,
    has_background: AtomicBool,
    is_stopping: AtomicBool,
}

impl Module {
    /// A module with this configuration, to be made on a tokio runtime.
    pub fn new(configuration: ModuleConfiguration, options: ModuleOptions) -> Self {
        Self::with(configuration, Vec::new(), &options)
    }

    /// A module with the configuration of these files, which it follows when they change. To be made on a tokio runtime.
    ///
    /// # Errors
    /// A file cannot be read or is wrong.
    pub fn load(
        sources: Vec<ConfigurationSource>,
        options: ModuleOptions,
    ) -> Result<Self, ConfigurationError> {
        let configuration = ModuleConfiguration::load(&sources)?;
        for note in &configuration.notes {
            tracing::warn!("{}: {}", note.position, note.text);
        }
        Ok(Self::with(configuration, sources, &options))
    }

    /// Tells where the server listens, and starts what shall run before the first request. Without it that happens with
    /// the first request, and applications do not learn the https port.
    pub fn start(&self, addresses: &[String]) {
        let _ = self.shared.listening.https_port.set(https_port(addresses));
        self.shared.start_background();
        self.shared.router.load().iter().for_each(|application| application.start());
    }

    /// Answers one request.
    ///
    /// # Errors
    /// The response broke off, or could not be written.
    pub async fn handle(&self, features: &mut FeatureCollection) -> Result<(), BoxError> {
        self.shared.start_background();
        let path = features.required::<dyn HttpRequestFeature>()?.path();
        let application = self.shared.router.load().find(path);
        match application {
            Some(application) => application.serve(features).await,
            None => {
                let response = features.required_mut::<dyn HttpResponseFeature>()?;
                Ok(response.set_status_code(StatusCode::NOT_FOUND)?)
            }
        }
    }

    /// Lets the requests under way finish and stops all processes, each within its `shutdownTimeLimit`.
    pub async fn stop(&self) {
        self.shared.is_stopping.store(true, Ordering::Release);
        let applications = self.shared.router.load_full();
        let mut stops = tokio::task::JoinSet::new();
        for application in applications.iter() {
            let application = Arc::clone(application);
            stops.spawn(async move { application.stop().await });
        }
        stops.join_all().await;
    }

    /// The state at this moment.
    pub(crate) fn snapshot(&self) -> ModuleSnapshot {
        let shared = &self.shared;
        let mut applications: Vec<_> =
            shared.router.load().iter().map(|application| application.snapshot()).collect();
        applications.sort_by(|one, other| one.path.cmp(&other.path));
        ModuleSnapshot {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            process: std::process::id(),
            time: milliseconds(SystemTime::now()),
            started: milliseconds(shared.started),
            configuration_error: shared
                .configuration_error
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            applications,
        }
    }

    fn with(
        configuration: ModuleConfiguration,
        sources: Vec<ConfigurationSource>,
        options: &ModuleOptions,
    ) -> Self {
        let listening =
            Arc::new(Listening { https_port: OnceLock::new(), rapid_fail_window: options.rapid_fail_window });
        let applications = configuration.applications.into_iter();
        let applications = applications.map(|configuration| application(configuration, &listening)).collect();
        Self {
            shared: Arc::new(Shared {
                router: ArcSwap::from_pointee(Router::new(applications)),
                listening,
                sources,
                files: Mutex::new(configuration.files),
                configuration_error: Mutex::default(),
                started: SystemTime::now(),
                has_background: AtomicBool::new(false),
                is_stopping: AtomicBool::new(false),
            }),
        }
    }
}

impl Shared {
    fn start_background(self: &Arc<Self>) {
        if !self.has_background.load(Ordering::Acquire) && !self.has_background.swap(true, Ordering::AcqRel) {
            tokio::spawn(watch::run(Arc::downgrade(self)));
        }
    }

    /// Goes on with another configuration; `changed` says which files are others now.
    fn reconfigure(&self, configuration: ModuleConfiguration, changed: &[PathBuf]) {
        if self.is_stopping.load(Ordering::Acquire) {
            return;
        }
        let former = self.router.load_full();
        let mut former: HashMap<_, _> =
            former.iter().map(|application| (application.path.clone(), Arc::clone(application))).collect();
        let mut applications = Vec::new();
        for configuration in configuration.applications {
            if let Some(application) = former.remove(&configuration.path) {
                if is_other(&application.configuration(), &configuration, changed) {
                    application.reconfigure(configuration);
                }
                applications.push(application);
            } else {
                let application = application(configuration, &self.listening);
                application.start();
                applications.push(application);
            }
        }
        self.router.store(Arc::new(Router::new(applications)));
        for (_, removed) in former {
            tokio::spawn(async move { removed.stop().await });
        }
    }
}

impl Default for ModuleOptions {
    fn default() -> Self {
        Self { rapid_fail_window: Duration::from_secs(60) }
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module").field("applications", &self.shared.router.load()).finish_non_exhaustive()
    }
}

fn application(configuration: ApplicationConfiguration, listening: &Arc<Listening>) -> Arc<Application> {
    let page = watch::offline_page(&configuration.physical_path);
    Application::new(configuration, page, Arc::clone(listening))
}

/// A `web.config` recycles its application whatever was changed in it, as in IIS; of a TOML file with several
/// applications only those that have become others are.
fn is_other(former: &ApplicationConfiguration, new: &ApplicationConfiguration, changed: &[PathBuf]) -> bool {
    let is_toml =
        new.position.file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let moved = ApplicationConfiguration { position: former.position.clone(), ..new.clone() };
    moved != *former || (!is_toml && changed.contains(&new.position.file))
}

/// The port of the https addresses, if it is the same for all.
fn https_port(addresses: &[String]) -> String {
    let mut ports = addresses.iter().filter_map(|address| {
        let rest = address.strip_prefix("https://")?;
        let authority = rest.split('/').next().unwrap_or_default();
        let port =
            authority.rsplit_once(':').map(|(_, port)| port).filter(|port| port.parse::<u16>().is_ok());
        Some(port.unwrap_or("443").to_owned())
    });
    let first = ports.next().unwrap_or_default();
    if ports.all(|port| port == first) { first } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::https_port;

    #[test]
    fn the_https_port_is_known_if_there_is_one() {
        let port =
            |addresses: &[&str]| https_port(&addresses.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(port(&["http://a:80", "https://[::1]:5001", "https://a:5001/"]), "5001");
        assert_eq!(port(&["https://a"]), "443");
        assert_eq!(port(&["https://a:1", "https://a:2"]), "");
        assert_eq!(port(&["http://a:80"]), "");
    }
}
