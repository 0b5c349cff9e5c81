//! The libraries that the worker loads.

#[path = "../../../../tests/support/cargo.rs"]
mod cargo;

use std::{
    env,
    path::{Path, PathBuf, absolute},
};

use crate::web_config::WebConfig;

/// Set where there is no cargo, as under Wine: the libraries are there already.
const ARE_BUILT: &str = "FALCONRY_LIBRARIES_ARE_BUILT";

/// The library of an example.
pub(crate) fn library(package: &str, example: &str) -> PathBuf {
    if env::var_os(ARE_BUILT).is_none() {
        let features = (package == "falconry-module").then_some("--all-features");
        let package: Vec<&str> = ["--package", package].into_iter().chain(features).collect();
        cargo::build_examples(&package, &[example]);
    }
    let program = absolute(env!("CARGO_BIN_EXE_falconry-module")).unwrap();
    let file = format!("{}{example}{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    program.with_file_name("examples").join(file)
}

/// An application in process.
pub(crate) fn in_process(library: &Path) -> WebConfig {
    WebConfig::program(library.to_str().unwrap()).attribute("hostingModel", "inprocess")
}

/// The contract app in process.
pub(crate) fn contract() -> WebConfig {
    in_process(&library("falconry-module", "in_process_contract"))
}
