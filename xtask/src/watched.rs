//! `cargo xtask loom`, `miri` and `valgrind`: the tests of what native hosts share, under tools that watch them.
//!
//! A fake host completes the operations in every order there, within the call that begins them, late, and after the
//! application is gone. falconry-in-process has no unsafe code; the C interface of falconry-app-abi has.

use std::{
    env,
    ffi::OsString,
    path::PathBuf,
    process::{Command, ExitCode},
};

use crate::{
    peers, shell,
    test::{self, Tally},
};

const CORE: [&str; 2] = ["--package", "falconry-in-process"];
const INTERFACE: [&str; 3] = ["--package", "falconry-app-abi", "--all-features"];

/// All orders in which the threads around the gate can run.
pub(crate) fn loom(tally: &mut Tally) -> Result<bool, String> {
    let mut cargo = shell::cargo();
    cargo.args(["test", "--lib"]).args(CORE).arg("loom_tests");
    // With other flags all is built anew: what other builds have stays.
    cargo.args(["--target-dir".into(), target().join("loom").into_os_string()]);
    cargo.env("RUSTFLAGS", "--cfg loom");
    follow(cargo, tally)
}

/// Memcheck: errors, and memory that is lost for certain.
pub(crate) fn valgrind(tally: &mut Tally) -> Result<bool, String> {
    peers::require(&[peers::VALGRIND])?;
    let host = host()?;
    let runner = format!("CARGO_TARGET_{}_RUNNER", host.to_uppercase().replace(['-', '.'], "_"));
    let mut is_success = true;
    for package in [&CORE[..], &INTERFACE] {
        let mut cargo = shell::cargo();
        // Tests that use all processors would take turns under valgrind.
        cargo.args(["test", "--lib", "--tests"]).args(package).args(["--", "--test-threads=1"]);
        cargo.env(
            &runner,
            "valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
             --num-callers=30",
        );
        is_success &= follow(cargo, tally)?;
    }
    Ok(is_success)
}

/// Undefined behaviour, as far as an interpreter sees it. It comes with the nightly toolchain only.
pub(crate) fn miri(tally: &mut Tally) -> Result<bool, String> {
    if !has_miri() {
        return Err("there is no Miri: rustup toolchain install nightly --component miri,rust-src".to_owned());
    }
    let mut is_success = true;
    for package in [&CORE[..], &INTERFACE] {
        let mut miri = Command::new("rustup");
        miri.current_dir(shell::root()).args(["run", "nightly", "cargo", "miri", "test", "--lib", "--tests"]);
        miri.args(package);
        // cargo has set these for its own toolchain.
        for variable in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
            miri.env_remove(variable);
        }
        is_success &= follow(miri, tally)?;
    }
    Ok(is_success)
}

/// In CI: Miri, which sees more, where there is one.
pub(crate) fn miri_or_valgrind(tally: &mut Tally) -> Result<bool, String> {
    if has_miri() { miri(tally) } else { valgrind(tally) }
}

/// Runs one of them as a command.
pub(crate) fn run(check: fn(&mut Tally) -> Result<bool, String>) -> Result<ExitCode, String> {
    let mut tally = Tally::default();
    let is_success = check(&mut tally)?;
    println!("{} passed, {} failed", tally.passed(), tally.failed());
    Ok(if is_success && tally.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn has_miri() -> bool {
    let version = Command::new("rustup").args(["run", "nightly", "cargo", "miri", "--version"]).output();
    version.is_ok_and(|output| output.status.success())
}

fn follow(mut command: Command, tally: &mut Tally) -> Result<bool, String> {
    // Tests panic on purpose, and a backtrace takes these tools half a minute.
    command.env("RUST_BACKTRACE", "0");
    let is_success = test::follow(&mut command, tally)?;
    tally.end(is_success);
    Ok(is_success)
}

/// Where cargo builds.
fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| shell::root().join("target"), |folder| shell::root().join(folder))
}

/// The triple that cargo builds for here.
fn host() -> Result<String, String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let text = shell::output(Command::new(rustc).arg("-vV"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).ok_or_else(|| "rustc -vV tells no host".to_owned())
}
