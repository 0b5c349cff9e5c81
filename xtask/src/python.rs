//! Packages of Python that tests talk to: clients that share no code with this project.

use std::process::Command;

use crate::shell;

/// What the tests need: clients of HTTP/3. The second is libcurl with libraries of its own.
pub(crate) const OF_TESTS: [&str; 2] = ["aioquic", "curl_cffi"];

/// Installs those that are missing, if this can be done here. Returns what is missing still, each with the reason.
pub(crate) fn install(packages: &[&'static str]) -> Vec<(&'static str, String)> {
    let missing = packages.iter().copied().filter(|package| !is_there(package));
    missing.filter_map(|package| install_one(package).err().map(|reason| (package, reason))).collect()
}

fn is_there(package: &str) -> bool {
    shell::output(Command::new("python3").args(["-c", &format!("import {package}")])).is_ok()
}

fn install_one(package: &str) -> Result<(), String> {
    println!("installing {package} for Python");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--break-system-packages"];
    shell::output(Command::new("python3").args(pip).arg(package)).map(drop)
}
