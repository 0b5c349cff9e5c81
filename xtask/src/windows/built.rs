//! What is built for Windows and tested there: few crates, as each costs time in CI.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::toolchain::{self, Toolchain};

/// The features of the facade.
pub(super) const FEATURES: [&str; 2] = ["--features", "httpsys,test-host"];

/// All at once, with the same features each time: so that nothing is built twice.
const PACKAGES: [&str; 10] = [
    "-p",
    "falconry",
    "-p",
    "falconry-app-abi",
    "-p",
    "falconry-httpsys",
    "-p",
    "falconry-module",
    "--features",
    "falconry/httpsys,falconry/test-host",
];

/// What curl talks to, and what the module's workers load.
const EXAMPLES: [&str; 5] =
    ["hello", "contract", "in_process_contract", "in_process_probe", "in_process_other_version"];

/// What is run as it is: the suite over Kestrel and over HTTP.sys, named pipes, the events of consoles, the module as a
/// program, applications in its workers, and the users that the module of IIS tells of.
const TESTS: [&str; 7] = [
    "suite_kestrel",
    "suite_httpsys_native",
    "named_pipes",
    "hosting_signals",
    "processes",
    "in_process",
    "windows_user",
];

/// Builds the examples.
pub(super) fn examples(toolchain: &Toolchain) -> Command {
    let mut cargo = toolchain.cargo("build");
    cargo.args(PACKAGES).args(EXAMPLES.iter().flat_map(|example| ["--example", example]));
    cargo
}

/// Builds the tests and runs them, as `option` of cargo has it: all, unless `arguments` say which.
pub(super) fn tests(toolchain: &Toolchain, option: &str, arguments: &[String]) -> Command {
    let mut cargo = toolchain.cargo("test");
    cargo.args(PACKAGES).args(["--no-fail-fast", option]);
    if !arguments.iter().any(|argument| argument == "--test" || argument == "--lib") {
        cargo.arg("--lib").args(TESTS.iter().flat_map(|test| ["--test", test]));
    }
    cargo.args(arguments);
    cargo
}

/// The program of an example.
pub(super) fn example(name: &str) -> PathBuf {
    toolchain::folder().join(toolchain::TARGET).join("debug/examples").join(name).with_extension("exe")
}

/// The program that sends Ctrl-C and Ctrl-Break.
pub(super) fn console_event() -> PathBuf {
    toolchain::folder().join("console-event.exe")
}

pub(super) fn make_console_event() -> Result<(), String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/windows/console_event.c");
    toolchain::compile(&source, &console_event(), &[])
}
