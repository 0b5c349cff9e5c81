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
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    sync::{OnceLock, mpsc},
    thread,
    time::{Duration, Instant},
};

use self::process::Process;
pub(crate) use self::skip::skip;

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A worker to be started.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    example: &'static str,
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
}

impl Setup {
    /// With an example of this package as its module.
    pub(crate) fn new(example: &'static str) -> Self {
        Self { example, arguments: Vec::new(), variables: Vec::new() }
    }

    /// With more on its command line.
    pub(crate) fn arguments<const N: usize>(mut self, arguments: [&str; N]) -> Self {
        self.arguments.extend(arguments.map(str::to_owned));
        self
    }

    /// With a variable of the environment.
    pub(crate) fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Starts it; `None` where there is no C++ compiler.
    pub(crate) fn start(&self, test: &str) -> Option<Worker> {
        let Some(objects) = objects() else {
            skip(test, "there is no C++ compiler (c++)");
            return None;
        };
        let worker = Path::new(env!("CARGO_BIN_EXE_iis-worker"));
        let mut command = process::command(worker);
        command.arg(module(worker, self.example)).arg("--objects").arg(objects).args(["--port", "0"]);
        command.args(&self.arguments).envs(self.variables.iter().map(|(name, value)| (name, value)));
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
        let mut worker = Worker { process, input, lines, errors: Some(errors), url: String::new() };
        worker.url = worker.wait_for("Now listening on: ");
        Some(worker)
    }
}

/// A running worker; killed when this is dropped.
pub(crate) struct Worker {
    process: Process,
    input: Option<ChildStdin>,
    lines: mpsc::Receiver<String>,
    errors: Option<thread::JoinHandle<String>>,
    pub(crate) url: String,
}

impl Worker {
    /// Host and port.
    pub(crate) fn authority(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Starts one with the contract app; `None` where there is no C++ compiler.
    pub(crate) fn start(test: &str) -> Option<Self> {
        Setup::new("iis_contract").start(test)
    }

    /// Has it tell the module of an event, and waits until it has. The lines that the worker has written before.
    pub(crate) fn tell(&mut self, event: &str) -> Vec<String> {
        let input = self.input.as_mut().expect("it has not been stopped");
        writeln!(input, "{event}").expect("it reads its input");
        let lines = std::iter::from_fn(|| Some(self.line().expect("it tells the module")));
        lines.take_while(|line| line != event).collect()
    }

    /// Sends a request for `target` on a connection of its own, and gives the answer; empty if there is none.
    pub(crate) fn ask(&self, target: &str) -> String {
        rest(self.send(&format!("GET {target}")))
    }

    /// Sends a request on a connection of its own.
    pub(crate) fn send(&self, line: &str) -> TcpStream {
        let mut stream = self.connect();
        request(&mut stream, line);
        stream
    }

    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.authority())
    }

    /// Begins to stop it, as IIS does.
    pub(crate) fn begin_stop(&mut self) {
        self.input = None;
    }

    /// Waits for its end, and checks that only the right slots were called. What it has written of errors.
    pub(crate) fn end(mut self) -> String {
        self.begin_stop();
        self.wait_for("Stopped.");
        let status = self.process.child.wait().expect("it ends");
        let errors = self.errors.take().and_then(|errors| errors.join().ok()).unwrap_or_default();
        assert!(status.success(), "{status}: {errors}");
        assert!(!errors.contains("unexpected call"), "{errors}");
        errors
    }

    /// The next line of its output; `None` at its end, or if none comes for long.
    pub(crate) fn line(&self) -> Option<String> {
        self.lines.recv_timeout(2 * PATIENCE).ok()
    }

    /// What follows `text` in the first line that begins with it.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no line with {text:?}"));
            if let Some(rest) = line.strip_prefix(text) {
                return rest.to_owned();
            }
        }
    }
}

pub(crate) fn connect(authority: &str) -> TcpStream {
    let stream = TcpStream::connect(authority).expect("the worker listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit can be set");
    stream
}

/// Sends the last request of a connection.
pub(crate) fn request(stream: &mut TcpStream, line: &str) {
    write!(stream, "{line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("it is sent");
}

/// What comes until the end of the connection, however it ends.
pub(crate) fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    text
}

/// Waits until `is_so`.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "not so in time: {what}");
        thread::yield_now();
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
