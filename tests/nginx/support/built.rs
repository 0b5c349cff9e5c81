//! What is built for the tests: the module for an nginx, and applications.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use super::{
    cargo::{build_examples, cargo, run},
    process::find,
};

/// Which nginx a test runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one of the system.
    Installed,
    /// One built from the newest source in the registry of crates: it has HTTP/3.
    Vendored,
}

/// What is missing for these tests, if something is.
pub fn missing() -> Option<&'static str> {
    if find("nginx").is_none() {
        return Some("there is no nginx");
    }
    if !Path::new("/usr/share/nginx/src/configure").is_file() {
        return Some("there are no headers of nginx (the package nginx-dev)");
    }
    None
}

/// An nginx, the module for it and the contract app.
#[derive(Debug)]
pub struct Built {
    pub nginx: PathBuf,
    pub module: PathBuf,
    pub contract: PathBuf,
}

/// For the installed nginx.
pub fn built() -> &'static Built {
    Which::Installed.built()
}

impl Which {
    /// Built by the command that users have.
    pub fn built(self) -> &'static Built {
        static BUILT: [OnceLock<Built>; 2] = [OnceLock::new(), OnceLock::new()];
        let (index, options): (_, &[&str]) = match self {
            Self::Installed => (0, &[]),
            Self::Vendored => (1, &["--vendored"]),
        };
        BUILT[index].get_or_init(|| {
            let mut command = cargo();
            command.args(["run", "--quiet", "--package", "xtask", "--", "nginx-module"]).args(options);
            let output = run(&mut command);
            let path = |what: &str| {
                let line = output.lines().find_map(|line| line.strip_prefix(what));
                PathBuf::from(line.unwrap_or_else(|| panic!("no {what:?} in {output:?}")).trim())
            };
            Built { nginx: path("nginx:"), module: path("module:"), contract: path("application:") }
        })
    }
}

/// A library among the examples of falconry-nginx.
pub fn built_example(name: &str) -> PathBuf {
    example(&format!("lib{name}.so"))
}

/// A file among the examples of falconry-nginx, all of which are built at once.
pub fn example(file: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    const EXAMPLES: [&str; 4] = ["nginx_contract", "nginx_probe", "nginx_suite", "outside"];
    BUILT.get_or_init(|| build_examples(&["--package", "falconry-nginx"], &EXAMPLES));
    built().contract.with_file_name(file)
}
