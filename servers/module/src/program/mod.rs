//! The commands of `falconry-module`.

mod arguments;
mod check;
mod host_options;
mod log;
mod serve;
mod status;
mod status_server;
mod status_url;

use std::process::ExitCode;

use self::arguments::{Arguments, Command};

const USAGE: &str = "\
falconry-module: starts the processes of applications and forwards requests to them

    falconry-module [serve] --config FILE [--urls URL;URL] [--status URL] [--log text|json]
    falconry-module check --config FILE
    falconry-module status [--status URL]

    --config FILE        a web.config, or TOML if the name ends in .toml; several times for several files.
                         /path=FILE shows the application of a web.config under this path
    --urls URL;URL       where to listen; default http://localhost:5000
    --status URL         where to show the state of the processes: on this machine only, default off;
                         for the command `status` default http://127.0.0.1:5099
    --log text|json      the form of the log, on standard error; FALCONRY_LOG=debug changes what is logged
    --key value          a setting of the host, such as --Kestrel:Endpoints:Https:Url https://*:443; the guide has the list

A command line that is wrong ends with 2, everything else that fails with 1.
";

/// The exit code of a command line that is wrong.
const WRONG_USAGE: u8 = 2;

/// Runs the command that the arguments ask for.
pub(crate) fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(wrong) => {
            eprintln!("falconry-module: {wrong}\n\n{USAGE}");
            return ExitCode::from(WRONG_USAGE);
        }
    };
    match arguments.command {
        Command::Serve => serve::run(arguments),
        Command::Check => check::run(&arguments),
        Command::Status => status::run(arguments),
        Command::Help => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        Command::Version => {
            println!("falconry-module {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
    }
}
