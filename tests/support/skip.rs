//! Tests that need what this machine may lack.

use std::{env, fs::OpenOptions, io::Write};

/// Notes that `test` could not run, for `cargo xtask test` to print at its end.
///
/// # Panics
/// In CI (`CI=true`), where everything must be there.
pub(crate) fn skip(test: &str, reason: &str) {
    assert!(
        env::var_os("CI").is_none_or(|value| value != "true"),
        "{test} must not be skipped in CI: {reason}"
    );
    eprintln!("skipped: {test}: {reason}");
    let Some(path) = env::var_os("FALCONRY_SKIPS") else { return };
    let mut file =
        OpenOptions::new().append(true).create(true).open(path).expect("the list of skips can be opened");
    writeln!(file, "{test}: {reason}").expect("the list of skips can be written");
}
