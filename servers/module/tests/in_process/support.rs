//! The libraries that the worker loads.

use std::{
    env,
    path::{Path, PathBuf, absolute},
    process::{Command, Stdio},
};

use crate::web_config::WebConfig;

/// Set where there is no cargo, as under Wine: the libraries are there already.
const ARE_BUILT: &str = "FALCONRY_LIBRARIES_ARE_BUILT";

/// The library of an example.
pub(crate) fn library(package: &str, example: &str) -> PathBuf {
    if env::var_os(ARE_BUILT).is_none() {
        build(package, example);
    }
    let program = absolute(env!("CARGO_BIN_EXE_falconry-module")).unwrap();
    let file = format!("{}{example}{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    program.with_file_name("examples").join(file)
}

fn build(package: &str, example: &str) {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["build", "--quiet", "--package", package, "--example", example]);
    if package == "falconry-module" {
        command.arg("--all-features");
    }
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An application in process.
pub(crate) fn in_process(library: &Path) -> WebConfig {
    WebConfig::program(library.to_str().unwrap()).attribute("hostingModel", "inprocess")
}

/// The contract app in process.
pub(crate) fn contract() -> WebConfig {
    in_process(&library("falconry-module", "in_process_contract"))
}
