//! The start of a process: a port, the program, and the wait until it listens.

use std::{env, ffi::OsString, path::PathBuf, sync::Arc, time::Duration};

use falconry_features::CancellationToken;
use http::HeaderValue;
use tokio::{sync::watch, time::timeout};

use super::{
    Process, StartError, StartErrorKind,
    address::{self, Place},
    child::Child,
    environment,
    launch::{Launch, executable},
    output::{LogFile, Output},
};
use crate::{ApplicationConfiguration, BackendAddress, forward::ForwardOptions, in_process, random};

/// How often a start is tried: somebody may have taken the port meanwhile.
const TRIES: usize = 2;

/// How long the last words of a program are waited for.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// No request waits so long.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

impl Process {
    /// Starts a process and waits until it listens; `cancelled` ends that.
    pub(crate) async fn start(
        configuration: &Arc<ApplicationConfiguration>,
        https_port: &str,
        cancelled: &CancellationToken,
    ) -> Result<Self, StartError> {
        let mut tries = 1;
        loop {
            let place = Place::choose(configuration)?;
            let may_repeat = tries < TRIES && !place.is_fixed;
            match Self::start_at(place, configuration, https_port, cancelled).await {
                Err(error) if may_repeat && error.kind.may_be_the_port() => {
                    tracing::warn!(path = configuration.path, error = %error.kind, "a process did not start; trying another port");
                    tries += 1;
                }
                other => return other,
            }
        }
    }

    async fn start_at(
        place: Place,
        configuration: &Arc<ApplicationConfiguration>,
        https_port: &str,
        cancelled: &CancellationToken,
    ) -> Result<Self, StartError> {
        let token = token(configuration, &place.address)?;
        let pairing_token = token.as_deref().map(HeaderValue::from_str).transpose();
        let pairing_token = pairing_token.map_err(|_| StartErrorKind::BadToken)?;
        let (mut launch, pipe) = launch(configuration, &place.address)?;
        environment::add(&mut launch, configuration, &place.address, token.as_deref(), https_port);
        let (id, ids) = watch::channel(0);
        let log = configuration.stdout_log_enabled.then(|| LogFile {
            path: configuration.physical_path.join(&configuration.stdout_log_file),
            most: configuration.handler_settings.stdout_log_max_bytes,
        });
        let child = Child::spawn(launch).await.map_err(StartErrorKind::System)?;
        id.send_replace(child.id());
        let output =
            pipe.map(|pipe| Output::capture(pipe, log, ids)).transpose().map_err(StartErrorKind::System)?;

        let limit = configuration.startup_time_limit;
        let kind = tokio::select! {
            biased;
            exit = child.exited() => StartErrorKind::Exited(exit),
            () = cancelled.cancelled() => StartErrorKind::Retired,
            listens = timeout(limit, address::listens(&place.address)) => match listens {
                Ok(()) => return Ok(Self::new(child, place, output, configuration, pairing_token)),
                Err(_) => StartErrorKind::TimedOut(limit),
            },
        };
        child.kill();
        let text = match output {
            Some(output) => {
                let _ = timeout(LAST_WORDS, output.ended()).await;
                output.text()
            }
            None => String::new(),
        };
        Err(StartError { kind, output: text })
    }
}

/// What the process knows its module by: that of the configuration, else a new one.
///
/// On a unix socket there is none: only this user reaches it, and a program that is told a token expects a port.
fn token(
    configuration: &ApplicationConfiguration,
    address: &BackendAddress,
) -> Result<Option<String>, StartErrorKind> {
    if !matches!(address, BackendAddress::Tcp(_)) {
        return Ok(None);
    }
    match configuration.variable("ASPNETCORE_TOKEN") {
        Some(token) if !token.is_empty() => Ok(Some(token.to_owned())),
        _ => random::token().map(Some).map_err(StartErrorKind::System),
    }
}

/// What the configuration says is to be started, and the end of the pipe where its output comes out.
fn launch(
    configuration: &ApplicationConfiguration,
    address: &BackendAddress,
) -> Result<(Launch, Option<std::io::PipeReader>), StartErrorKind> {
    let (reader, writer) = match configuration.handler_settings.console_redirection {
        true => std::io::pipe().map(|(reader, writer)| (Some(reader), Some(writer))),
        false => Ok((None, None)),
    }
    .map_err(StartErrorKind::System)?;
    let (program, arguments) = match configuration.runs_in_process() {
        true => worker(configuration, address)?,
        false => own_program(configuration, address)?,
    };
    let launch = Launch {
        program,
        arguments,
        folder: configuration.physical_path.clone(),
        set: Vec::new(),
        removed: Vec::new(),
        output: writer,
    };
    Ok((launch, reader))
}

/// The worker that loads the application's library.
fn worker(
    configuration: &ApplicationConfiguration,
    address: &BackendAddress,
) -> Result<(PathBuf, Vec<OsString>), StartErrorKind> {
    if !in_process::is_available() {
        return Err(StartErrorKind::NoWorker);
    }
    let path = crate::configuration::native_path(&configuration.process_path);
    let library = configuration.physical_path.join(path);
    if !library.is_file() {
        return Err(StartErrorKind::NoProgram(library));
    }
    // The worker is in the application's folder when it looks for it.
    let library = std::path::absolute(library).map_err(StartErrorKind::System)?;
    let executable = executable().map_err(StartErrorKind::System)?;
    Ok((executable, in_process::arguments(&library, address)))
}

/// The application's own program.
fn own_program(
    configuration: &ApplicationConfiguration,
    address: &BackendAddress,
) -> Result<(PathBuf, Vec<OsString>), StartErrorKind> {
    let launcher = env::var("ANCM_LAUNCHER_PATH").ok().filter(|path| !path.is_empty());
    let arguments = match env::var("ANCM_LAUNCHER_ARGS") {
        Ok(arguments) => crate::configuration::split_arguments(&arguments),
        Err(_) if launcher.is_some() => Vec::new(),
        Err(_) => configuration.arguments.clone(),
    };
    let place = match address {
        BackendAddress::Tcp(address) => address.port().to_string(),
        #[cfg(unix)]
        BackendAddress::Unix(path) => path.display().to_string(),
    };
    let program = program(launcher.as_deref().unwrap_or(&configuration.process_path), configuration)?;
    let arguments = arguments
        .iter()
        .map(|argument| argument.replace("%ASPNETCORE_PORT%", &place).replace("%PORT%", &place).into());
    Ok((program, arguments.collect()))
}

/// The program: in the application's folder if it is there or says so, else as the system finds it.
fn program(path: &str, configuration: &ApplicationConfiguration) -> Result<PathBuf, StartErrorKind> {
    let path = crate::configuration::native_path(path);
    let in_folder = configuration.physical_path.join(&path);
    // On Windows `.\app` is also `.\app.exe`.
    let mut with_ending = in_folder.clone().into_os_string();
    with_ending.push(env::consts::EXE_SUFFIX);
    let is_in_folder = path.is_absolute() || path.starts_with(".") || path.starts_with("..");
    match [in_folder.clone(), with_ending.into()].into_iter().find(|file| file.is_file()) {
        Some(file) => Ok(file),
        None if is_in_folder => Err(StartErrorKind::NoProgram(in_folder)),
        None => Ok(path),
    }
}

impl Process {
    fn new(
        child: Child,
        place: Place,
        output: Option<Output>,
        configuration: &Arc<ApplicationConfiguration>,
        pairing_token: Option<HeaderValue>,
    ) -> Self {
        let options = ForwardOptions {
            pairing_token,
            request_timeout: match configuration.request_timeout {
                Duration::ZERO => FOR_EVER,
                limit => limit,
            },
            forward_windows_auth_token: configuration.forward_windows_auth_token,
            max_request_body_size: Some(configuration.max_allowed_content_length),
            path_base: configuration.path.trim_end_matches('/').to_owned(),
            forward_response_connection_header: configuration
                .handler_settings
                .forward_response_connection_header,
            ..ForwardOptions::default()
        };
        Self::with(child, place, output, options, configuration.shutdown_time_limit)
    }
}
