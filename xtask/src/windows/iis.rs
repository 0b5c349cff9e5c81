//! The worker of IIS for tests, and the objects that it hands to modules, with MSVC's C++ ABI.

use std::{path::PathBuf, process::Command};

use super::toolchain::{self, TARGET, Toolchain};
use crate::{
    peers::{self, Peer},
    shell,
};

/// What makes the objects: the compiler for MSVC's ABI needs no headers of Windows.
const PACKAGES: [Peer; 2] =
    [Peer { program: "clang++", package: "clang" }, Peer { program: "lld-link", package: "lld" }];

const PACKAGE: [&str; 2] = ["-p", "falconry-iis-worker"];

/// Where the tests find the objects.
pub(super) const OBJECTS: &str = "FALCONRY_IIS_OBJECTS";

/// Builds the tests, the worker and the module with the contract app.
pub(super) fn build_tests(toolchain: &Toolchain) -> Result<(), String> {
    make_objects()?;
    shell::run(toolchain.cargo("test").arg("--no-run").args(PACKAGE))
}

/// Runs the tests.
pub(super) fn tests(toolchain: &Toolchain) -> Command {
    let mut cargo = toolchain.cargo("test");
    cargo.env(OBJECTS, objects()).args(PACKAGE);
    cargo
}

/// Builds the worker and the module, and makes the worker's command line: program, then arguments.
pub(super) fn worker(toolchain: &Toolchain, port: &str) -> Result<Vec<PathBuf>, String> {
    make_objects()?;
    shell::run(toolchain.cargo("build").args(PACKAGE).args([
        "--bin",
        "iis-worker",
        "--example",
        "iis_contract",
    ]))?;
    let built = toolchain::folder().join(TARGET).join("debug");
    let module = built.join("examples/iis_contract.dll");
    let objects = objects();
    Ok(vec![built.join("iis-worker.exe"), module, "--objects".into(), objects, "--port".into(), port.into()])
}

fn objects() -> PathBuf {
    toolchain::folder().join("iis-objects.dll")
}

fn make_objects() -> Result<(), String> {
    peers::require(&PACKAGES)?;
    let source = shell::root().join("servers/iis/worker/objects/objects.cpp");
    let object = toolchain::folder().join("iis-objects.obj");
    let mut compiler = Command::new("clang++");
    compiler.args(["--target=x86_64-pc-windows-msvc", "-std=c++17", "-O1", "-fno-rtti", "-fno-exceptions"]);
    compiler.args(["-fno-threadsafe-statics", "-c", "-o"]).arg(&object).arg(source);
    shell::output(&mut compiler)?;
    let mut linker = Command::new("lld-link");
    linker.args(["/dll", "/noentry"]).arg(format!("/out:{}", objects().display())).arg(object);
    shell::output(&mut linker).map(drop)
}
