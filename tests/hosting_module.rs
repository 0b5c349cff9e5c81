//! A real program that a module starts: port, path and token from the environment, stopped by message.
//!
//! The test binary is the program, too: with a variable set it serves the contract app, as
//! `examples/contract.rs` does, instead of testing.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdout, Command, ExitCode, Stdio, Termination},
};

use falconry::{HostError, WebHost};
use falconry_conformance::contract;
use libtest_mimic::{Arguments, Failed, Trial};

const PROGRAM: &str = "FALCONRY_TEST_IS_THE_PROGRAM";
const TOKEN: &str = "MS-ASPNETCORE-TOKEN: 5b6c-secret\r\n";

fn main() -> ExitCode {
    if env::var_os(PROGRAM).is_some() {
        return program().report();
    }
    libtest_mimic::run(&Arguments::from_args(), trials()).exit_code()
}

#[tokio::main]
async fn program() -> Result<(), HostError> {
    contract::run(WebHost::builder().args(env::args())).await
}

fn trials() -> Vec<Trial> {
    let trial = |name: &str, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok::<(), Failed>(())
        })
    };
    vec![
        trial("a_program_that_a_module_starts_answers_the_module_only", module_only),
        trial("the_message_of_the_module_stops_the_program_in_order", message),
        trial("the_module_says_who_the_client_is", client),
        trial("a_port_that_is_none_ends_the_program_with_status_1_and_names_the_variable", bad_port),
    ]
}

fn module_only() {
    let program = Program::start();
    assert!(program.send("GET /app/", "").starts_with("HTTP/1.1 400 Bad Request\r\n"));
    let wrong = program.send("GET /app/", "MS-ASPNETCORE-TOKEN: 5b6c-other\r\n");
    assert!(wrong.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{wrong}");
    let right = program.send("GET /app/", TOKEN);
    assert!(right.starts_with("HTTP/1.1 200 OK\r\n") && right.ends_with("Hello World!"), "{right}");
    let fields = program.send("GET /app/fields", TOKEN);
    assert!(fields.starts_with("HTTP/1.1 200 OK\r\n") && !fields.contains("secret"), "{fields}");
}

fn message() {
    let program = Program::start();
    let event = "MS-ASPNETCORE-EVENT: shutdown\r\nContent-Length: 0\r\n";
    let refused = program.send("POST /app/iisintegration", event);
    assert!(refused.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{refused}");
    let accepted = program.send("POST /app/iisintegration", &format!("{TOKEN}{event}"));
    assert!(accepted.starts_with("HTTP/1.1 202 Accepted\r\n"), "{accepted}");
    let (code, lines, errors) = program.end();
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert_eq!(lines.last().unwrap(), "Application is shutting down...");
}

fn client() {
    let program = Program::start();
    let forwarded = "X-Forwarded-For: 203.0.113.7:4711\r\nX-Forwarded-Proto: https\r\n";
    let info = program.send("GET /app/info", &format!("{TOKEN}{forwarded}"));
    for part in ["203.0.113.7", "\"https\"", "\"/app\""] {
        assert!(info.contains(part), "{part} in {info}");
    }
}

fn bad_port() {
    let output = command().env("ASPNETCORE_PORT", "many").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        errors.contains("environment variable ASPNETCORE_PORT") && !errors.contains("secret"),
        "{errors}"
    );
}

fn command() -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.env_clear().env(PROGRAM, "1").current_dir(env!("CARGO_TARGET_TMPDIR"));
    // Port 0 lets the system choose: two tests never want the same one.
    let module =
        [("ASPNETCORE_PORT", "0"), ("ASPNETCORE_APPL_PATH", "/app"), ("ASPNETCORE_TOKEN", "5b6c-secret")];
    command.envs(module).env("ASPNETCORE_URLS", "http://127.0.0.2:0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
    address: String,
}

impl Program {
    /// Starts the program and reads where it listens.
    fn start() -> Self {
        let mut child = command().spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("Now listening on: http://").expect(&line).to_owned();
        assert!(address.starts_with("127.0.0.1:"), "{address}");
        Self { child, stdout, address }
    }

    /// Sends a request and reads the answer to its end.
    fn send(&self, line: &str, fields: &str) -> String {
        let mut client = TcpStream::connect(&self.address).unwrap();
        write!(client, "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Waits for the end: exit code, the lines not yet read, and standard error.
    fn end(mut self) -> (Option<i32>, Vec<String>, String) {
        let lines = (&mut self.stdout).lines().map(Result::unwrap).collect();
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        (self.child.wait().unwrap().code(), lines, errors)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
