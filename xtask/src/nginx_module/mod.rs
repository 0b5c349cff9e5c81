//! `cargo xtask nginx-module`: the nginx module, for an installed nginx or another, and an application in it.

mod app;
mod build;
mod configuration;
mod load;
mod memcheck;
mod options;
mod source;

use std::{os::unix::process::CommandExt, process::ExitCode};

use self::options::{Options, What};
pub(crate) use self::{
    app::Contract,
    build::{Module, Nginx},
    configuration::Configuration,
};

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let options = Options::parse(arguments)?;
    let nginx = Nginx::find(&options)?;
    let module = nginx.module()?;
    println!("nginx: {}", module.nginx.display());
    println!("module: {}", module.path.display());
    let app = match &options.app {
        Some(app) => app.canonicalize().map_err(|error| format!("{}: {error}", app.display()))?,
        None => Contract { is_release: options.is_release }.build()?,
    };
    println!("application: {}", app.display());
    match options.what {
        What::Build => Ok(ExitCode::SUCCESS),
        What::Serve(port) => {
            let configuration = Configuration::new(&module, &app, port)?;
            println!("Now listening on: http://127.0.0.1:{port}");
            // In this process: whoever ends it ends nginx.
            let error = configuration.command(&module.nginx).exec();
            Err(format!("nginx cannot be started: {error}"))
        }
        What::Memcheck(requests) => memcheck::run(&module, &app, requests),
    }
}
