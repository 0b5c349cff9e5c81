//! `serve`: the module on Kestrel, until a signal ends it.

use std::{error::Error, process::ExitCode, sync::Arc};

use falconry::{HttpContext, WebHost, with_state};
use falconry_module::{Module, ModuleOptions};

use super::{arguments::Arguments, check::with_causes, log, status_server::StatusServer};

/// Serves until a signal asks for the stop.
pub(super) fn run(arguments: Arguments) -> ExitCode {
    log::start(arguments.json_log);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(serve(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&*error),
    }
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    // The tables of a TOML file that are not the module's are the host's.
    let is_toml =
        |file: &std::path::Path| file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    let settings = arguments.sources.iter().map(|source| source.file.clone()).find(|file| is_toml(file));
    let module = Module::load(arguments.sources, ModuleOptions::default())?;

    let program = std::env::args_os().next().unwrap_or_default().to_string_lossy().into_owned();
    let mut builder = WebHost::builder()
        .args(std::iter::once(program).chain(arguments.rest))
        // Those in the current folder may be the application's.
        .usual_files(false)
        // A module behind a module is a server like any other.
        .iis_integration(false)
        // The application says what server it is, or nobody does.
        .kestrel(|options| options.add_server_header = false);
    if let Some(file) = settings {
        builder = builder.setting("config", file.to_string_lossy());
    }
    let host = Arc::new(builder.build(with_state(module.clone(), serve_request))?);
    let status = arguments.status.as_ref().map(|url| StatusServer::new(url, &module)).transpose()?;
    if let Some(status) = &status {
        println!("Status page: {}", status.start().await?);
    }
    let (starts, weak) = (module.clone(), Arc::downgrade(&host));
    host.lifetime()
        .on_started(move || starts.start(&weak.upgrade().map(|host| host.addresses()).unwrap_or_default()));
    let served = host.run_until_stopped().await;
    module.stop().await;
    if let Some(status) = status {
        status.stop().await?;
    }
    Ok(served?)
}

async fn serve_request(module: &Module, ctx: &mut HttpContext) -> falconry::Result {
    module.handle(ctx.features_mut()).await
}

fn failed(error: &dyn Error) -> ExitCode {
    eprintln!("{}", with_causes(error));
    ExitCode::FAILURE
}
