//! Libraries and programs that tests have cargo build.

#![allow(dead_code, reason = "each test program uses a part")]

use std::{
    env,
    process::{Command, Stdio},
};

/// What `cargo xtask test` has chosen: packages and features.
const SELECTION: &str = "FALCONRY_CARGO_SELECTION";

/// Builds these examples of a package, where cargo puts examples; `package` are the arguments that name it.
///
/// With the packages and features that everything has been built with there is nothing left to be compiled.
///
/// # Panics
/// They cannot be built.
pub(crate) fn build_examples(package: &[&str], examples: &[&str]) {
    let mut command = cargo();
    command.args(["build", "--quiet"]);
    match env::var(SELECTION) {
        Ok(selection) => command.args(selection.split(' ')),
        Err(_) => command.args(package),
    };
    run(command.args(examples.iter().flat_map(|example| ["--example", example])));
}

/// cargo, in the folder of the package that is tested.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// Runs a command to its end and gives what it wrote.
///
/// # Panics
/// It fails.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("the command can be started");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
