//! The program `falconry-module` under test.

#[path = "../../../../tests/support/system/mod.rs"]
mod system;

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, absolute},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
};

use serde_json::Value;

#[allow(unused_imports, reason = "each test program uses a part")]
pub(crate) use self::system::{WAYS_TO_STOP, kill};
use crate::{client, log::Log, scratch::Scratch, web_config::WebConfig};

/// A running module. It is killed with the test.
pub(crate) struct Module {
    pub(crate) scratch: Scratch,
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    log: Log,
    address: String,
    addresses: Vec<String>,
    status: String,
}

impl Module {
    /// A module with this configuration.
    pub(crate) fn start(configuration: &WebConfig) -> Self {
        let scratch = Scratch::new();
        scratch.write("web.config", &configuration.text());
        Self::in_folder(scratch, &["--config", "web.config"])
    }

    /// A module in this folder.
    pub(crate) fn in_folder(scratch: Scratch, arguments: &[&str]) -> Self {
        Self::with(scratch, arguments, &[])
    }

    pub(crate) fn with(scratch: Scratch, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = command(scratch.path());
        command.args(arguments).args(["--urls", "http://127.0.0.1:0", "--status", "http://127.0.0.1:0"]);
        command.envs(variables.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Log::of(child.stderr.take().unwrap());
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut status = String::new();
        stdout.read_line(&mut status).unwrap();
        let after = |line: &str, start: &str| match line.trim_end().strip_prefix(start) {
            Some(rest) => rest.to_owned(),
            None => panic!("{line:?}: {}", log.so_far()),
        };
        let status = after(&status, "Status page: http://");
        let mut addresses = Vec::new();
        loop {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            if line.starts_with("Application started.") {
                break;
            }
            addresses.push(after(&line, "Now listening on: "));
        }
        let plain = addresses.iter().find_map(|address| address.strip_prefix("http://"));
        let address = plain.expect("an address in clear").to_owned();
        Self { scratch, child, stdout: Some(stdout), log, address, addresses, status }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Where it listens, as URLs.
    pub(crate) fn addresses(&self) -> &[String] {
        &self.addresses
    }

    pub(crate) fn status_address(&self) -> &str {
        &self.status
    }

    pub(crate) fn get(&self, path: &str) -> client::Answer {
        client::get(&self.address, path)
    }

    /// The state of the application at this path.
    pub(crate) fn state(&self, path: &str) -> Value {
        let state: Value = serde_json::from_str(&client::get(&self.status, "/status.json").body).unwrap();
        let applications = state["applications"].as_array().unwrap();
        applications.iter().find(|application| application["path"] == path).expect(path).clone()
    }

    /// The state of the application at this path, once it is as wanted.
    pub(crate) fn state_when(&self, path: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let start = std::time::Instant::now();
        loop {
            let state = self.state(path);
            if is_wanted(&state) {
                return state;
            }
            assert!(start.elapsed() < client::FOREVER, "still {state:#}");
            thread::yield_now();
        }
    }

    /// The process ids of the application at `/`.
    pub(crate) fn processes(&self) -> Vec<u64> {
        let state = self.state("/");
        state["processes"].as_array().unwrap().iter().map(|process| process["id"].as_u64().unwrap()).collect()
    }

    /// The backend's own address.
    pub(crate) fn backend(&self) -> String {
        self.state("/")["processes"][0]["address"].as_str().unwrap().to_owned()
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, as service managers do.
    pub(crate) fn ask_to_stop(&self) {
        self.ask(WAYS_TO_STOP[0]);
    }

    /// Asks it to stop in one of the ways that there are.
    pub(crate) fn ask(&self, way: &str) {
        system::ask_to_stop(self.id(), way);
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// Waits for the end: exit code, and what is left of standard output.
    pub(crate) fn end(&mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("the module's log:\n{}", self.log.so_far());
        }
    }
}

/// The program, with nothing of this process's environment but what every program needs.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = system::command(&absolute(env!("CARGO_BIN_EXE_falconry-module")).unwrap());
    command.current_dir(folder).stdin(Stdio::null());
    command
}
