//! `cargo xtask instructions`: what the contract's hot path costs in instructions, which no neighbour can disturb.

use std::process::ExitCode;

use crate::{peers, shell};

/// Of the crate `gungraun` in `benches/Cargo.toml`: the two must be the same.
const RUNNER_VERSION: &str = "0.20.0";

pub(crate) fn run() -> Result<ExitCode, String> {
    if let Some((_, reason)) = peers::install(&[peers::VALGRIND]).into_iter().next() {
        return Err(format!("valgrind is missing: {reason}"));
    }
    if shell::find("gungraun-runner").is_none() {
        println!("installing gungraun-runner {RUNNER_VERSION}");
        shell::run(shell::cargo().args([
            "install",
            "--locked",
            "gungraun-runner",
            "--version",
            RUNNER_VERSION,
        ]))?;
    }
    shell::run(shell::cargo().args(["bench", "--package", "falconry-benches", "--bench", "instructions"]))?;
    Ok(ExitCode::SUCCESS)
}
