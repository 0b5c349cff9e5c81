//! The worker: Kestrel in front of the loaded application, in one process.

use std::{ffi::OsString, fmt, path::Path, process::ExitCode, sync::Arc, time::Duration};

use falconry_app_abi::{LoadError, LoadedApp};
use falconry_features::{CancellationToken, Deadline, Server, ServerAddressesFeature};
use falconry_kestrel::{KestrelServer, KestrelServerOptions};
use tokio::runtime::Builder;

use super::failure::Failure;

/// How long the application may take to end when its connections have, and those when it has.
const LAST_MOMENTS: Duration = Duration::from_secs(5);

/// Runs the application of a library; the arguments are the library and the URL where to listen.
pub(crate) fn run(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let (Some(library), Some(url)) = (arguments.next(), arguments.next()) else {
        return ExitCode::FAILURE;
    };
    match serve(Path::new(&library), &url.to_string_lossy()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(end) => {
            log(&end.text);
            end.failure.map_or(ExitCode::FAILURE, |failure| failure.exit_code().into())
        }
    }
}

/// Why a worker ended.
struct End {
    /// Why it could not start, if another worker could not either.
    failure: Option<Failure>,
    text: String,
}

impl End {
    fn new(failure: Failure, text: impl fmt::Display) -> Self {
        Self { failure: Some(failure), text: text.to_string() }
    }

    fn other(text: impl fmt::Display) -> Self {
        Self { failure: None, text: text.to_string() }
    }
}

impl From<LoadError> for End {
    fn from(error: LoadError) -> Self {
        let failure = match error {
            LoadError::WrongArchitecture(_) | LoadError::Version(..) => Failure::Version,
            LoadError::NoTable(_) => Failure::NoTable,
            _ => Failure::Load,
        };
        Self::new(failure, error)
    }
}

/// Serves until the application or the module ends it.
fn serve(library: &Path, url: &str) -> Result<(), End> {
    let app = LoadedApp::load(library)?;
    let runtime = Builder::new_multi_thread().thread_name("falconry-worker").enable_all().build();
    let runtime = runtime.map_err(End::other)?;
    app.start(&[url.to_owned()], log).map_err(|error| End::new(Failure::Start, error))?;
    let end = runtime.block_on(listen(&app, url));
    app.stop(LAST_MOMENTS);
    end
}

/// Hands requests to the application, from the moment on when it takes them.
async fn listen(app: &LoadedApp, url: &str) -> Result<(), End> {
    let server = KestrelServer::new(options());
    if let Some(addresses) = server.features().get::<dyn ServerAddressesFeature>() {
        addresses.add(url).map_err(End::other)?;
    }
    server.start(Arc::new(app.clone())).await.map_err(End::other)?;
    let is_well = tokio::select! {
        is_well = app.ended() => is_well,
        () = terminated() => {
            app.request_stop();
            app.ended().await
        }
    };
    let token = CancellationToken::new();
    let deadline = Deadline::on(token.clone(), Some(LAST_MOMENTS));
    tokio::spawn(async move {
        tokio::time::sleep(LAST_MOMENTS).await;
        token.cancel();
    });
    server.stop(deadline).await.map_err(End::other)?;
    match is_well {
        true => Ok(()),
        false => Err(End::other("the application ended with an error")),
    }
}

/// What is the module's to watch, in front, is not watched again; the body's limit is the application's.
fn options() -> KestrelServerOptions {
    let mut options = KestrelServerOptions::default();
    options.add_server_header = false;
    let limits = &mut options.limits;
    limits.set_max_request_body_size(None);
    limits.set_min_request_body_data_rate(None);
    limits.set_min_response_data_rate(None);
    options
}

/// Completes when the module sends its signal. Without one, it has the message, and the kill.
async fn terminated() {
    #[cfg(unix)]
    if let Ok(mut signal) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        signal.recv().await;
        return;
    }
    std::future::pending().await
}

/// The module takes what is written here, for its log and its pages.
fn log(text: &str) {
    eprintln!("{text}");
}
