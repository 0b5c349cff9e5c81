//! Applications that cannot be in a worker.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::{
    client::Answer,
    module::Module,
    scratch::Scratch,
    skip,
    support::{in_process, library},
    web_config::WebConfig,
};

/// What a developer sees of an application that cannot run, and whether the log tells it, too.
fn refused(configuration: WebConfig) -> Answer {
    let module = Module::start(&configuration.clone().variable("ASPNETCORE_DETAILEDERRORS", "1"));
    let answer = module.get("/");
    let log = module.log().until("did not start");
    // The start is not repeated with another port.
    assert_eq!(module.state("/")["start_failures"], 1);
    assert!(!log.contains("trying another port"), "{log}");
    let quiet = Module::start(&configuration.attribute("disableStartUpErrorPage", "true"));
    let bare = quiet.get("/");
    assert_eq!((bare.status, bare.body.as_str()), (answer.status, ""));
    answer
}

#[track_caller]
fn assert_page(answer: &Answer, code: &str, detail: &str) {
    assert_eq!(answer.status, 500, "{answer:?}");
    assert!(
        answer.body.contains(&format!("HTTP Error {code} ")) && answer.body.contains(detail),
        "{answer:?}"
    );
}

pub(crate) fn other_version() {
    let library = library("falconry-app-abi", "in_process_other_version");
    let answer = refused(in_process(&library));
    assert_page(&answer, "500.32", "was built for version 2.7 of the module&#39;s interface");
}

pub(crate) fn other_machine() {
    let scratch = Scratch::new();
    let own = fs::read(library("falconry-app-abi", "in_process_other_version")).unwrap();
    let file = scratch.join("libother.so");
    let mut other = own;
    if other.starts_with(b"\x7fELF") {
        // A processor that no machine of ours has.
        other[18..20].copy_from_slice(&[0xf3, 0x7f]);
    } else {
        other = b"no library".to_vec();
    }
    fs::write(&file, other).unwrap();
    assert_page(&refused(in_process(&file)), "500.32", "is no library for this system and processor");
    fs::write(&file, "no library").unwrap();
    assert_page(&refused(in_process(&file)), "500.32", "is no library for this system and processor");
}

pub(crate) fn no_table() {
    let Some(other) = any_library() else {
        skip::skip("no_table", "this system does not tell what libraries a process has");
        return;
    };
    let scratch = Scratch::new();
    let file = scratch.join(&format!("none{}", env::consts::DLL_SUFFIX));
    fs::copy(other, &file).unwrap();
    let answer = refused(in_process(&file));
    assert_page(&answer, "500.33", "build it as a cdylib with `falconry::export_app!`");
}

/// A library that every process has.
fn any_library() -> Option<PathBuf> {
    if cfg!(windows) {
        let system = env::var_os("SystemRoot")?;
        return Some(Path::new(&system).join("system32").join("bcryptprimitives.dll"));
    }
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let files = maps.lines().filter_map(|line| line.split_whitespace().last());
    files.map(PathBuf::from).find(|path| path.to_string_lossy().contains("libc.so"))
}

pub(crate) fn missing() {
    assert_page(&refused(in_process(Path::new("./libabsent.so"))), "500.38", "there is no file");
}

pub(crate) fn start_failure() {
    let library = library("falconry-module", "in_process_probe");
    let answer = refused(in_process(&library).variable("PROBE", "fail"));
    assert_page(&answer, "500.30", "the probe does not start, as it was asked to");
    let answer = refused(in_process(&library).variable("PROBE", "panic"));
    assert_page(&answer, "500.30", "the probe panics, as it was asked to");
    // It may have been the port: a start that crashes is tried once more.
    let crashing = in_process(&library).variable("PROBE", "abort").variable("ASPNETCORE_DETAILEDERRORS", "1");
    assert_page(
        &Module::start(&crashing).get("/"),
        "500.30",
        if cfg!(unix) { "signal 6" } else { "exit code" },
    );
}

pub(crate) fn start_timeout() {
    let library = library("falconry-module", "in_process_probe");
    let answer = refused(in_process(&library).variable("PROBE", "hang").attribute("startupTimeLimit", "1"));
    assert_page(&answer, "500.37", "did not listen within 1 s");
}
