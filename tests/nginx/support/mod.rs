//! nginx with the module, for tests.

#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test file uses its part")]

mod built;
#[path = "../../support/cargo.rs"]
mod cargo;
#[path = "../../support/process.rs"]
pub mod process;
pub mod suite;
mod wire;

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

pub(crate) use process::find;
use process::{Folder, Process};

pub use self::{
    built::{Which, built, built_example, example, missing},
    wire::Wire,
};

/// How long anything may take: the machine may have much to do.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Ports that were free a moment ago, all different, and given to nobody else in this program.
pub fn free_ports(count: usize) -> Vec<u16> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut listeners = Vec::new();
    let mut ports = Vec::new();
    while ports.len() < count {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it is bound").port();
        // Kept, so that the next is another.
        listeners.push(listener);
        if GIVEN.lock().unwrap().insert(port) {
            ports.push(port);
        }
    }
    ports
}

/// What an nginx is started with. `{port}`, `{port1}` and so on in the texts are its ports, `{ports}` in the
/// variables all of them.
#[derive(Clone, Debug)]
pub struct Setup {
    pub which: Which,
    pub workers: usize,
    pub ports: usize,
    /// At the top of the configuration.
    pub main: String,
    /// In `http { }`.
    pub http: String,
    pub variables: Vec<(String, String)>,
    /// Files beside the configuration, whose folder is `{folder}`.
    pub files: Vec<(String, String)>,
    /// Files to be copied there.
    pub copies: Vec<(String, PathBuf)>,
}

impl Setup {
    /// An application on all paths of one port.
    pub fn app(app: &Path) -> Self {
        Self::location(&format!("falconry_app \"{}\";", app.display()))
    }

    /// What stands in the one location.
    pub fn location(text: &str) -> Self {
        Self {
            which: Which::Installed,
            workers: 1,
            ports: 1,
            main: String::new(),
            http: format!("server {{ listen 127.0.0.1:{{port}}; location / {{ {text} }} }}"),
            variables: Vec::new(),
            files: Vec::new(),
            copies: Vec::new(),
        }
    }

    /// Makes a certificate for `localhost`, and lets the servers of the configuration have it.
    pub fn add_certificate(&mut self) {
        let made =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate is made");
        self.files.push(("certificate.pem".to_owned(), made.cert.pem()));
        self.files.push(("key.pem".to_owned(), made.signing_key.serialize_pem()));
        let directives = "ssl_certificate {folder}/certificate.pem; ssl_certificate_key {folder}/key.pem;\n\
            ssl_protocols TLSv1.2 TLSv1.3;\n";
        self.http.insert_str(0, directives);
    }

    /// What nginx says to a configuration that it refuses.
    pub fn refused(self) -> String {
        let mut nginx = Nginx::launch(&self, free_ports(self.ports));
        assert!(!nginx.wait(), "nginx does not refuse it");
        nginx.wait_for_log("[emerg]");
        nginx.log()
    }

    pub fn start(self) -> Nginx {
        // Somebody may take a port before nginx does.
        for _ in 0..5 {
            let ports = free_ports(self.ports);
            if let Some(nginx) = Nginx::start(&self, ports) {
                return nginx;
            }
        }
        panic!("nginx found its ports taken, again and again");
    }
}

/// An nginx in the foreground. It and its workers end with the test, however that ends.
pub struct Nginx {
    process: Process,
    ports: Vec<u16>,
    folder: Folder,
    log: Arc<Mutex<String>>,
    pub output: mpsc::Receiver<String>,
}

impl Nginx {
    fn start(setup: &Setup, ports: Vec<u16>) -> Option<Self> {
        let mut nginx = Self::launch(setup, ports);
        nginx.wait_until_started().then_some(nginx)
    }

    fn launch(setup: &Setup, ports: Vec<u16>) -> Self {
        let built = setup.which.built();
        let folder = Folder::new(&format!("nginx-{}", ports[0]));
        let with_ports = |text: &str| {
            let text = text.replace("{port}", &ports[0].to_string());
            let text = text.replace("{folder}", &folder.0.display().to_string());
            ports.iter().enumerate().fold(text, |text, (number, port)| {
                text.replace(&format!("{{port{number}}}"), &port.to_string())
            })
        };
        let variables: String = setup.variables.iter().map(|(name, _)| format!("env {name};\n")).collect();
        let text = format!(
            "daemon off;\nuser root root;\nworker_processes {};\npid nginx.pid;\nerror_log stderr info;\n\
             load_module \"{}\";\n{variables}{}\nevents {{ worker_connections 4096; }}\n\
             http {{\naccess_log off;\nclient_max_body_size 0;\nkeepalive_requests 1000000;\n\
             client_body_temp_path body;\nproxy_temp_path proxy;\nfastcgi_temp_path fastcgi;\n\
             uwsgi_temp_path uwsgi;\nscgi_temp_path scgi;\n{}\n}}\n",
            setup.workers,
            built.module.display(),
            with_ports(&setup.main),
            with_ports(&setup.http),
        );
        for (name, text) in &setup.files {
            folder.write(name, text);
        }
        for (name, from) in &setup.copies {
            fs::copy(from, folder.join(name)).expect("there is room for a copy");
        }
        let file = folder.write("nginx.conf", text);
        let mut command = process::command(&built.nginx);
        command.arg("-p").arg(&folder.0).arg("-c").arg(file).args(["-e", "stderr"]);
        let list = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
        let value = |value: &str| {
            value.replace("{ports}", &list).replace("{folder}", &folder.0.display().to_string())
        };
        command.envs(setup.variables.iter().map(|(name, text)| (name, value(text))));
        command.env("FALCONRY_SUPPRESSSTATUSMESSAGES", "true");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::start(&mut command).expect("nginx can be started");
        let log = Arc::new(Mutex::new(String::new()));
        let errors = BufReader::new(process.child.stderr.take().expect("it is piped"));
        let written = Arc::clone(&log);
        thread::spawn(move || {
            for line in errors.split(b'\n').map_while(Result::ok) {
                let mut log = written.lock().unwrap();
                log.push_str(&String::from_utf8_lossy(&line));
                log.push('\n');
            }
        });
        let (sender, output) = mpsc::channel();
        let lines = BufReader::new(process.child.stdout.take().expect("it is piped"));
        thread::spawn(move || {
            for line in lines.split(b'\n').map_while(Result::ok) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    return;
                }
            }
        });
        Self { process, ports, folder, log, output }
    }

    /// False if somebody else has taken a port. That one can connect proves nothing: it could be to them.
    fn wait_until_started(&mut self) -> bool {
        let until = Instant::now() + PATIENCE;
        while !self.log().contains("start worker process ") {
            if self.process.child.try_wait().expect("nginx can be waited for").is_some() {
                let log = self.log();
                assert!(log.contains("Address already in use"), "nginx does not start: {log}");
                return false;
            }
            assert!(Instant::now() < until, "nginx does not start: {}", self.log());
            thread::yield_now();
        }
        true
    }

    pub fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.ports[0]).into()
    }

    pub fn port(&self, number: usize) -> u16 {
        self.ports[number]
    }

    pub fn ports(&self) -> &[u16] {
        &self.ports
    }

    pub fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// What nginx has written to its log so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits for a text in the log.
    pub fn wait_for_log(&self, text: &str) {
        self.wait_until(|nginx| nginx.log().contains(text));
    }

    #[track_caller]
    pub fn wait_until(&self, is_so: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < until, "waited in vain; the log: {}", self.log());
            thread::yield_now();
        }
    }

    /// The processes that do the work.
    pub fn workers(&self) -> Vec<u32> {
        let pid = self.process.child.id();
        let path = format!("/proc/{pid}/task/{pid}/children");
        let children = fs::read_to_string(path).unwrap_or_default();
        children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
    }

    pub fn signal(&self, name: &str) {
        cargo::run(Command::new("kill").arg(format!("-{name}")).arg(self.process.child.id().to_string()));
    }

    /// Loads the configuration anew, and waits until other workers have taken over.
    pub fn reload(&self) {
        let before = self.workers();
        self.signal("HUP");
        self.wait_until(|nginx| nginx.workers().iter().any(|worker| !before.contains(worker)));
    }

    /// Resident memory of the workers, in bytes.
    pub fn memory(&self) -> u64 {
        let of = |pid: &u32| {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or_default()
                * 1024
        };
        self.workers().iter().map(of).sum()
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> bool {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.child.try_wait().expect("nginx can be waited for") {
                return status.success();
            }
            assert!(Instant::now() < until, "nginx does not end: {}", self.log());
            thread::yield_now();
        }
    }

    pub fn connect(&self) -> Wire {
        Wire::connect(self.address())
    }

    /// The body of the answer to a GET; of HTTP/1.0, which has no chunks.
    pub fn get(&self, target: &str) -> String {
        let answer = self.connect().exchange(&format!("GET {target} HTTP/1.0\r\nHost: a\r\n\r\n"));
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or(answer)
    }
}
