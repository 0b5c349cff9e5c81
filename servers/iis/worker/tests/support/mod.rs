//! The worker with the contract app, as a program beside a test.
//!
//! The C++ compiler of this system makes the objects, unless `FALCONRY_IIS_OBJECTS` names others: `cargo xtask
//! windows test` runs the same tests under Wine, with objects that have MSVC's C++ ABI.

#![allow(dead_code, reason = "each test program uses a part")]

#[path = "../../../../../tests/support/process.rs"]
mod process;
#[path = "../../../../../tests/support/skip.rs"]
mod skip;

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    sync::{OnceLock, mpsc},
    thread,
    time::Duration,
};

use self::process::Process;
pub(crate) use self::skip::skip;

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running worker; killed when this is dropped.
pub(crate) struct Worker {
    process: Process,
    input: Option<ChildStdin>,
    lines: mpsc::Receiver<String>,
    errors: Option<thread::JoinHandle<String>>,
    pub(crate) url: String,
}

impl Worker {
    /// Starts one with the contract app; `None` where there is no C++ compiler.
    pub(crate) fn start(test: &str) -> Option<Self> {
        Self::start_with(test, "iis_contract", 0, &[])
    }

    /// Starts one with an example of this package, so many further ports, and variables of the environment.
    pub(crate) fn start_with(
        test: &str,
        example: &str,
        ports: u16,
        variables: &[(&str, String)],
    ) -> Option<Self> {
        let Some(objects) = objects() else {
            skip(test, "there is no C++ compiler (c++)");
            return None;
        };
        let worker = Path::new(env!("CARGO_BIN_EXE_iis-worker"));
        let mut command = process::command(worker);
        command.arg(module(worker, example)).arg("--objects").arg(objects).args(["--port", "0"]);
        command
            .args(["--ports", &ports.to_string()])
            .envs(variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::start(&mut command).expect("the worker can be started");
        let child = &mut process.child;
        let (input, output) = (child.stdin.take(), child.stdout.take().expect("it has an output"));
        let mut errors = child.stderr.take().expect("it has an output for errors");
        let errors = thread::spawn(move || {
            let mut text = String::new();
            let _ = errors.read_to_string(&mut text);
            text
        });
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            lines.for_each(|line| drop(sender.send(line)));
        });
        let mut worker = Self { process, input, lines, errors: Some(errors), url: String::new() };
        worker.url = worker.wait_for("Now listening on: ");
        Some(worker)
    }

    /// Host and port.
    pub(crate) fn authority(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Begins to stop it, as IIS does.
    pub(crate) fn begin_stop(&mut self) {
        self.input = None;
    }

    /// Waits for its end, and checks that only the right slots were called.
    pub(crate) fn end(mut self) {
        self.begin_stop();
        self.wait_for("Stopped.");
        let status = self.process.child.wait().expect("it ends");
        let errors = self.errors.take().and_then(|errors| errors.join().ok()).unwrap_or_default();
        assert!(status.success(), "{status}: {errors}");
        assert!(!errors.contains("unexpected call"), "{errors}");
    }

    /// The next line of its output; `None` at its end, or if none comes for long.
    pub(crate) fn line(&self) -> Option<String> {
        self.lines.recv_timeout(2 * PATIENCE).ok()
    }

    /// What follows `text` in the first line that begins with it.
    fn wait_for(&self, text: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no line with {text:?}"));
            if let Some(rest) = line.strip_prefix(text) {
                return rest.to_owned();
            }
        }
    }
}

/// An application, built as an example of this package.
fn module(worker: &Path, example: &str) -> PathBuf {
    let name = format!("{}{example}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    worker.with_file_name("examples").join(name)
}

/// The objects, made once per test program.
fn objects() -> Option<&'static Path> {
    static OBJECTS: OnceLock<Option<PathBuf>> = OnceLock::new();
    OBJECTS
        .get_or_init(|| {
            if let Some(objects) = std::env::var_os("FALCONRY_IIS_OBJECTS") {
                return Some(objects.into());
            }
            let compiler = process::find("c++")?;
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
            let objects = folder.join(format!("iis-objects-{}.so", std::process::id()));
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("objects/objects.cpp");
            let status = Command::new(compiler)
                .args(["-std=c++17", "-O1", "-fno-rtti", "-fno-exceptions", "-fPIC", "-shared", "-o"])
                .args([&objects, &source])
                .status()
                .expect("the compiler can be run");
            assert!(status.success(), "the objects cannot be compiled");
            Some(objects)
        })
        .as_deref()
}
