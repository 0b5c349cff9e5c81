//! `cargo xtask test`: every test there is, and one line that says how it went.

mod skips;
mod tally;

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, ExitCode, Stdio},
};

use self::skips::Skips;
pub(crate) use self::tally::Tally;
use crate::{peers, python, shell, watched, windows};

/// The packages and their features.
const SELECTION: [&str; 2] = ["--workspace", "--all-features"];

/// The environment variable that tells tests, for what they have cargo build: with other features much would be compiled
/// a second time.
pub(crate) const SELECTION_VARIABLE: &str = "FALCONRY_CARGO_SELECTION";

/// Runs `cargo test` over the whole workspace: libraries, programs, tests, examples (built), then the examples in the
/// documentation. In CI also under tools that watch, and the tests for Windows.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let is_ci = env::var_os("CI").is_some_and(|value| value == "true");
    let missing = peers::install(&peers::OF_TESTS);
    let without_packages = python::install(&python::OF_TESTS);
    let skips = Skips::new()?;
    let mut tally = Tally::default();
    let mut cargo = shell::cargo();
    cargo.arg("test").args(SELECTION).arg("--no-fail-fast").args(arguments);
    cargo.env(SELECTION_VARIABLE, SELECTION.join(" "));
    cargo.env(skips::VARIABLE, skips.path());
    // Trials of the conformance suite share the machine with whatever else runs on it.
    cargo.env("FALCONRY_TRIAL_SECONDS", env::var_os("FALCONRY_TRIAL_SECONDS").unwrap_or_else(|| "60".into()));
    let mut is_success = follow(&mut cargo, &mut tally)?;
    tally.end(is_success);
    if is_ci {
        println!("\n== cargo xtask loom");
        is_success &= watched::loom(&mut tally)?;
        println!("\n== cargo xtask miri, or valgrind");
        is_success &= watched::miri_or_valgrind(&mut tally)?;
        println!("\n== cargo xtask windows test");
        is_success &= windows::test(&[], &mut tally)?;
    }

    println!();
    for (peer, reason) in &missing {
        println!("missing: {}: {reason}", peer.program);
    }
    for (package, reason) in &without_packages {
        // The tests that need it say so themselves.
        println!("missing: {package} for Python: {reason}");
    }
    for test in tally.ignored() {
        println!("ignored: {test}");
    }
    let skipped = skips.read();
    for test in &skipped {
        println!("skipped: {test}");
    }
    let (passed, mut failed) = (tally.passed(), tally.failed());
    if is_ci {
        failed += missing.len().max(skipped.len());
    }
    println!(
        "{} ignored, {} skipped, {} peers missing{}",
        tally.ignored().len(),
        skipped.len(),
        missing.len(),
        if is_ci && missing.len() + skipped.len() > 0 { " (each a failure in CI)" } else { "" },
    );
    println!("{passed} passed, {failed} failed");
    Ok(if is_success && failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs a command to its end, and adds up what the harnesses say that it runs. True if the command says success.
pub(crate) fn follow(command: &mut Command, tally: &mut Tally) -> Result<bool, String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{command:?} cannot be started: {error}"))?;
    let output = child.stdout.take().ok_or("a command has no output")?;
    // Tests may print anything, so lines need not be UTF-8.
    for line in BufReader::new(output).split(b'\n') {
        let line = line.map_err(|error| format!("the output of {command:?} cannot be read: {error}"))?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        tally.line(line.trim_end_matches('\r'));
    }
    let status = child.wait().map_err(|error| format!("{command:?} cannot be waited for: {error}"))?;
    Ok(status.success())
}
