//! The program under load, from inside and from outside.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use falconry::{HostError, WebHost, features::MinDataRate};
use falconry_conformance::contract;

const PROGRAM: &str = "FALCONRY_TEST_IS_THE_PROGRAM";

/// How patient the program is with slow clients.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// What a client with a plain request may wait at most.
const IN_TIME: Duration = Duration::from_secs(5);

/// Long enough for a busy machine; a test that needs it has failed.
pub(crate) const FOREVER: Duration = Duration::from_secs(60);

/// What the program's memory may grow by under any load.
const ALLOWANCE: usize = 96 * 1024 * 1024;

pub(crate) fn is_asked_for() -> bool {
    env::var_os(PROGRAM).is_some()
}

/// Serves the contract app until the process is killed.
#[tokio::main(worker_threads = 2)]
pub(crate) async fn serve() -> Result<(), HostError> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let builder = WebHost::builder().urls("http://127.0.0.1:0").kestrel(|options| {
        let rate = |bytes_per_second| MinDataRate::new(bytes_per_second, PATIENCE).expect("a rate");
        let limits = &mut options.limits;
        limits.set_request_headers_timeout(PATIENCE).expect("a time");
        limits.set_min_request_body_data_rate(rate(100_000.0));
        // What the system's buffers take counts as read: megabytes.
        limits.set_min_response_data_rate(rate(50_000_000.0));
    });
    builder.run(contract::app()).await
}

pub(crate) struct Program {
    child: Child,
    address: SocketAddr,
    before: usize,
    /// What it has logged.
    log: Arc<Mutex<Vec<String>>>,
}

impl Program {
    /// Starts the program with so many file descriptors; `None` if the system does not allow as many.
    pub(crate) fn start(descriptors: usize) -> Option<Self> {
        let mut child = Command::new("sh")
            .args(["-c", "ulimit -n \"$1\" && exec \"$0\""])
            .arg(env::current_exe().unwrap())
            .arg(descriptors.to_string())
            .env_clear()
            .env(PROGRAM, "1")
            .current_dir(env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(address) = line.trim_end().strip_prefix("Now listening on: http://") else {
            let _ = child.wait();
            return None;
        };
        let log = Arc::<Mutex<Vec<String>>>::default();
        let (lines, sink) = (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::clone(&log));
        // Read all the time: a program that cannot log does not go on.
        thread::spawn(move || lines.map_while(Result::ok).for_each(|line| sink.lock().unwrap().push(line)));
        let mut program = Self { address: address.parse().unwrap(), child, before: 0, log };
        // What the first request needs once is no growth.
        program.answers_in_time(&mut program.connect());
        program.before = program.status("VmRSS:");
        Some(program)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("the system accepts");
        stream.set_read_timeout(Some(FOREVER)).unwrap();
        stream.set_write_timeout(Some(FOREVER)).unwrap();
        stream
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A plain request, which must not notice what others do.
    pub(crate) fn answers_in_time(&self, stream: &mut TcpStream) {
        let start = Instant::now();
        request(stream);
        answer(stream);
        let time = start.elapsed();
        assert!(time < IN_TIME, "an answer took {time:?}");
    }

    /// The most memory that there ever was must not be much more than at rest.
    pub(crate) fn assert_memory_is_bounded(&self) {
        let grown = self.status("VmHWM:").saturating_sub(self.before);
        println!("memory grew by {} kB", grown / 1024);
        assert!(grown < ALLOWANCE, "memory grew by {} MB", grown / 1_000_000);
    }

    /// How often the log tells of `event`.
    pub(crate) fn logged(&self, event: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|line| line.contains(event)).count()
    }

    /// How many file descriptors are open.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    fn status(&self, field: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn request(stream: &mut TcpStream) {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
}

/// Reads the answer to [`request`].
pub(crate) fn answer(stream: &mut TcpStream) {
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    while !answer.ends_with(b"Hello World!") {
        match stream.read(&mut buffer) {
            Ok(count @ 1..) => answer.extend_from_slice(&buffer[..count]),
            end => panic!("{end:?} after {:?}", String::from_utf8_lossy(&answer)),
        }
    }
}

/// Lets this process open so many files; false if the system does not allow as many.
pub(crate) fn allow_descriptors(count: usize) -> bool {
    let this = std::process::id().to_string();
    let raise = Command::new("prlimit").args(["--pid", &this, &format!("--nofile={count}:")]).output();
    raise.is_ok_and(|output| output.status.success())
}
