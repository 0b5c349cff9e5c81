//! What `test` runs in the network that it has made: the tests, then the examples with curl.

use std::process::ExitCode;

use super::{built, checks, iis, network, toolchain::Toolchain, wine::Wine};
use crate::shell;

/// Prints results as test harnesses do.
pub(super) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    network::set_up()?;
    let toolchain = Toolchain::new()?;
    let wine = Wine::new(network::PREFIX)?;
    let mut cargo = built::tests(&toolchain, "--offline", arguments);
    wine.environment(&mut cargo);
    cargo.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", "wine");
    // Large bodies take their time under Wine.
    cargo.env("FALCONRY_TRIAL_SECONDS", "60");
    // How the tests of the module send Ctrl-C, and that the libraries they load are built.
    cargo.env("FALCONRY_CONSOLE_EVENT", built::console_event()).env("FALCONRY_LIBRARIES_ARE_BUILT", "1");
    let mut is_success = shell::run(&mut cargo).is_ok();
    // Names of tests to run are none of these.
    if arguments.is_empty() {
        let mut cargo = iis::tests(&toolchain);
        wine.environment(&mut cargo);
        cargo.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", "wine").arg("--offline");
        is_success &= shell::run(&mut cargo).is_ok();
        is_success &= checks::run(&wine);
    }
    wine.end();
    Ok(if is_success { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
