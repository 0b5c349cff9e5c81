//! [`WebHostBuilder`]: what a host shall be.

mod server;

use std::{fmt, path::Path, sync::Arc, time::Duration};

use self::server::ServerChoice;
use super::{
    ApplicationLifetime, Configuration, HostError, WebHost,
    configuration::process_variables,
    console::Console,
    front::Front,
    host::Parts,
    metrics::{Observers, RequestObserver},
    sources::{Settings, Sources},
    worker::NativeWorker,
};
use crate::{Handler, middleware::IisOptions};

/// Says what a host shall be. What is said here wins over every other source of settings.
///
/// ```no_run
/// # async fn run(app: falconry::Pipeline) -> Result<(), falconry::HostError> {
/// use falconry::WebHost;
/// use std::time::Duration;
///
/// WebHost::builder()
///     .args(std::env::args())
///     .shutdown_timeout(Duration::from_secs(10))
///     .run(app)
///     .await
/// # }
/// ```
///
/// # Where settings come from
///
/// The later wins: environment variables that start with `ASPNETCORE_`, `DOTNET_`, `FALCONRY_`; the
/// files `appsettings.json`, `appsettings.{Environment}.json`, `falconry.json`,
/// `falconry.{Environment}.json`, `falconry.toml` and `falconry.{Environment}.toml` in the content
/// root; the file that `--config` names; all environment variables by their plain names; the command
/// line; this builder. Only `FALCONRY_SERVER` wins over the files.
///
/// | key | meaning | default |
/// |---|---|---|
/// | `urls` | addresses, with `;` between them | those of the ports, else the server's own |
/// | `http_ports`, `https_ports` | ports on all addresses; unused if there are `urls` | none |
/// | `preferHostingUrls` | `urls` win over endpoints configured in the server | false |
/// | `server` | which of the servers compiled in runs | Kestrel, else the only one |
/// | `shutdownTimeoutSeconds` | how long a stop waits for requests | 30 |
/// | `suppressStatusMessages` | nothing on the console | false |
/// | `environment` | a name such as `Development` | `Production` |
/// | `contentRoot` | the directory of the program's files | the current one |
/// | `config` | one more configuration file, JSON or TOML | none |
/// | `hostBuilder:reloadConfigOnChange` | the endpoints of Kestrel follow the files | true |
/// | `AllowedHosts` | hosts, with `;` between them; requests for others are refused | all |
/// | `ForwardedHeaders_Enabled` | address and scheme of the client come from `X-Forwarded-*` | false |
/// | `iisIntegration` | the program knows when a [module](IisOptions) has started it | true |
#[must_use = "a builder does nothing until it is run or built"]
pub struct WebHostBuilder {
    sources: Sources,
    choice: ServerChoice,
    shutdown_timeout: Option<Duration>,
    console: Console,
    lifetime: ApplicationLifetime,
    iis: IisOptions,
    observers: Observers,
}

impl WebHostBuilder {
    pub(super) fn new() -> Self {
        Self {
            sources: Sources { variables: process_variables(), ..Sources::default() },
            choice: ServerChoice::default(),
            shutdown_timeout: None,
            console: Console::default(),
            lifetime: ApplicationLifetime::default(),
            iis: IisOptions::default(),
            observers: Observers::default(),
        }
    }

    /// The addresses to listen on, with `;` between them. Key: `urls`.
    pub fn urls(self, urls: impl Into<String>) -> Self {
        self.setting("urls", urls)
    }

    /// Reads the command line. The first argument is the program's name, as
    /// [`std::env::args`] gives it. Default: none are read.
    ///
    /// `--key value`, `--key=value`, `/key value`, `/key=value` and `key=value` are settings; the rest
    /// is left to the program.
    ///
    /// In a native worker (IIS, nginx) the command line is the worker's, and none of it is read.
    pub fn args<I>(mut self, args: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        if NativeWorker::current().is_some() {
            return self;
        }
        self.sources.arguments = args.into_iter().skip(1).map(Into::into).collect();
        self
    }

    /// Takes these environment variables in the place of the process's own: for tests.
    pub fn environment_variables<I, N, V>(mut self, variables: I) -> Self
    where
        I: IntoIterator<Item = (N, V)>,
        N: Into<String>,
        V: Into<String>,
    {
        self.sources.variables =
            variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        self
    }

    /// Adds settings, which win over files, environment and command line.
    pub fn configuration(mut self, configuration: Configuration) -> Self {
        self.sources.code.merge(configuration);
        self
    }

    /// Sets one key.
    pub fn setting(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.sources.code.set(key, value);
        self
    }

    /// Whether the files in the content root are read, such as `appsettings.json` and `falconry.toml`: for programs whose
    /// content root has those of another program. The file that `config` names is read in any case. Default: true.
    pub fn usual_files(mut self, read: bool) -> Self {
        self.sources.without_usual_files = !read;
        self
    }

    /// Whether addresses from `urls` or ports win over endpoints configured in the server itself.
    /// Default: false. Key: `preferHostingUrls`.
    pub fn prefer_hosting_urls(self, prefer: bool) -> Self {
        self.setting("preferHostingUrls", prefer.to_string())
    }

    /// How long a stop waits for requests before it aborts them. Default: 30 seconds. Key:
    /// `shutdownTimeoutSeconds`.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = Some(timeout);
        self
    }

    /// Tells `observer` of every request that reaches the application, for metrics. Of several, each is told, in the
    /// order in which they were added. Default: none, and nothing is measured.
    pub fn request_observer(mut self, observer: Arc<dyn RequestObserver>) -> Self {
        self.observers.add(observer);
        self
    }

    /// Whether nothing is written to the console; the log still tells. Default: false. Key:
    /// `suppressStatusMessages`.
    pub fn suppress_status_messages(self, suppress: bool) -> Self {
        self.setting("suppressStatusMessages", suppress.to_string())
    }

    /// Where the lines go that would be written to the console. Default: status to standard output,
    /// warnings and progress to standard error unless the program has a `tracing` subscriber.
    pub fn status_writer(mut self, write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.console = Console::Writer(Arc::new(write));
        self
    }

    /// The name of the environment, such as `Development`. Default: `Production`. Key: `environment`.
    pub fn environment(self, name: impl Into<String>) -> Self {
        self.setting("environment", name)
    }

    /// The directory of the program's files. Default: the current one. Key: `contentRoot`.
    pub fn content_root(self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_string_lossy().into_owned();
        self.setting("contentRoot", path)
    }

    /// Whether the program serves the [module](IisOptions) that the environment says has started it.
    /// Default: true. Key: `iisIntegration`.
    pub fn iis_integration(self, integrate: bool) -> Self {
        self.setting("iisIntegration", integrate.to_string())
    }

    /// Sets options for the case that a module has started the program.
    pub fn iis_options(mut self, configure: impl FnOnce(&mut IisOptions)) -> Self {
        configure(&mut self.iis);
        self
    }

    /// The events of the host that is to be built, for handlers and callbacks.
    pub fn lifetime(&self) -> ApplicationLifetime {
        self.lifetime.clone()
    }

    /// Makes the host, with its server; nothing is bound yet.
    ///
    /// # Errors
    /// A setting or configuration file is wrong, or the server asked for is not compiled in.
    pub fn build(self, handler: impl Handler) -> Result<WebHost, HostError> {
        #[cfg(feature = "kestrel")]
        let sources = self.sources.clone();
        let settings = self.sources.load()?;
        #[cfg(feature = "kestrel")]
        let watch = super::reload::Watch::new(sources, settings.files);
        let Settings { mut configuration, environment, content_root, module, .. } = settings;
        let front = Front::new(&mut configuration, module)?;
        let silent = configuration.flag("suppressStatusMessages")?.unwrap_or_default();
        let seconds = configuration.parsed("shutdownTimeoutSeconds", "a whole number of seconds")?;
        let shutdown_timeout = self.shutdown_timeout.or_else(|| seconds.map(Duration::from_secs));
        let (worker, server_name, server) = self.choice.make(
            &configuration,
            #[cfg(feature = "kestrel")]
            (&content_root, watch),
        )?;
        Ok(WebHost::new(
            front.before(handler, self.iis, &self.lifetime),
            Parts {
                server,
                server_name,
                worker,
                lifetime: self.lifetime,
                console: if silent { Console::Silent } else { self.console },
                observers: self.observers,
                shutdown_timeout: shutdown_timeout.unwrap_or(Duration::from_secs(30)),
                configuration,
                environment,
                content_root,
            },
        ))
    }

    /// Makes the host, starts it, and stops it when a signal or the program asks for that.
    ///
    /// # Errors
    /// Those of [`build`](Self::build) and [`WebHost::run_until_stopped`].
    pub async fn run(self, handler: impl Handler) -> Result<(), HostError> {
        self.build(handler)?.run_until_stopped().await
    }
}

impl fmt::Debug for WebHostBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebHostBuilder")
            .field("servers", &self.choice.servers)
            .field("code", &self.sources.code)
            .finish_non_exhaustive()
    }
}
