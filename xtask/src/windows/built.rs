//! What is built for Windows and tested there: few crates, as each costs time in CI.

use std::path::PathBuf;

use super::toolchain;

/// The features of the facade.
pub(super) const FEATURES: [&str; 2] = ["--features", "httpsys,test-host"];

/// What curl talks to.
pub(super) const EXAMPLES: [&str; 8] =
    ["-p", "falconry", "--features", "httpsys,test-host", "--example", "hello", "--example", "contract"];

/// What is run as it is. The suite over Kestrel, the suite over HTTP.sys, named pipes.
pub(super) const TESTS: [&str; 14] = [
    "-p",
    "falconry",
    "-p",
    "falconry-httpsys",
    "--features",
    "falconry/httpsys,falconry/test-host",
    "--no-fail-fast",
    "--lib",
    "--test",
    "suite_kestrel",
    "--test",
    "suite_httpsys_native",
    "--test",
    "named_pipes",
];

/// The program of an example.
pub(super) fn example(name: &str) -> PathBuf {
    toolchain::folder().join(toolchain::TARGET).join("debug/examples").join(name).with_extension("exe")
}
