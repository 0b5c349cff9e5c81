//! `cargo xtask windows`: falconry as a Windows program, built on Linux and run under Wine.
//!
//! Debian's own compiler builds the standard library for `x86_64-pc-windows-gnu`, as its source is a package, too; so
//! nothing but apt is needed. Everything is kept in `windows` under the target folder: what is built, and the two
//! folders that Wine calls prefixes.

mod built;
mod checks;
mod iis;
mod inside;
mod network;
mod program;
mod toolchain;
mod wine;

use std::process::{ExitCode, Stdio};

use self::toolchain::Toolchain;
use crate::{shell, test::Tally};

const USAGE: &str = "\
cargo xtask windows <command>

  build [ARGUMENTS]         build the workspace's libraries and programs for Windows; ARGUMENTS go to `cargo build`
  run EXAMPLE [ARGUMENTS]   run an example under Wine, until Ctrl-C. Wine's HTTP.sys listens on every address of the
                            machine, whatever the prefix says
  test [ARGUMENTS]          run the tests for Windows under Wine, and examples that curl talks to, in a network of
                            their own; ARGUMENTS go to `cargo test`, such as --test processes
";

/// The command that `test` runs in the network it has made.
const INSIDE: &str = "inside";

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let (command, rest) = arguments.split_first().ok_or_else(|| format!("which command?\n\n{USAGE}"))?;
    match command.as_str() {
        "build" => build(rest),
        "run" => run_example(rest),
        "test" => {
            let mut tally = Tally::default();
            let is_success = test(rest, &mut tally)?;
            println!("\n{} passed, {} failed", tally.passed(), tally.failed());
            Ok(if is_success && tally.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        INSIDE => inside::run(rest),
        _ => Err(format!("unknown command '{command}'\n\n{USAGE}")),
    }
}

/// Everything that is tested here, with its results added to `tally`. True if all went well.
pub(crate) fn test(arguments: &[String], tally: &mut Tally) -> Result<bool, String> {
    let toolchain = Toolchain::new()?;
    built::make_console_event()?;
    shell::run(&mut built::examples(&toolchain))?;
    shell::run(&mut built::tests(&toolchain, "--no-run", arguments))?;
    if arguments.is_empty() {
        iis::build_tests(&toolchain)?;
    }
    let is_success = network::with_own(arguments, tally)?;
    tally.end(is_success);
    Ok(is_success && tally.failed() == 0)
}

fn build(arguments: &[String]) -> Result<ExitCode, String> {
    let toolchain = Toolchain::new()?;
    let all = ["--workspace", "--exclude", "xtask", "--exclude", "falconry-nginx"].map(str::to_owned);
    let arguments = if arguments.is_empty() { &all } else { arguments };
    shell::run(toolchain.cargo("build").args(arguments))?;
    Ok(ExitCode::SUCCESS)
}

fn run_example(arguments: &[String]) -> Result<ExitCode, String> {
    let (example, rest) = arguments.split_first().ok_or("which example? For instance: hello")?;
    let toolchain = Toolchain::new()?;
    shell::run(toolchain.cargo("build").args(built::FEATURES).args(["--example", example]))?;
    let wine = wine::Wine::new("wine-run")?;
    let mut command = wine.command();
    command.arg(built::example(example)).args(rest);
    let outcome = shell::run(&mut command);
    wine.end();
    outcome.map(|()| ExitCode::SUCCESS)
}

/// `cargo xtask iis-worker`: the worker for tests, with the contract app, under Wine.
pub(crate) fn iis_worker(arguments: &[String]) -> Result<ExitCode, String> {
    let ["--serve", port] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
        return Err("which port? cargo xtask iis-worker --serve PORT".to_owned());
    };
    // Said now, and not after a build of minutes.
    port.parse::<u16>().map_err(|_| format!("'{port}' is no port: 0 to 65535"))?;
    let command_line = iis::worker(&Toolchain::new()?, port)?;
    let wine = wine::Wine::new("wine-run")?;
    let mut command = wine.command();
    // The worker stops when its input ends: with this program.
    let mut worker = command
        .args(command_line)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| format!("wine cannot be started: {error}"))?;
    let input = worker.stdin.take();
    let status = worker.wait().map_err(|error| error.to_string());
    drop(input);
    wine.end();
    Ok(if status?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
