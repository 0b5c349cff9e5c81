//! Signals, exit codes and what the console of a real program shows.
//!
//! The test binary is the program, too: with a variable set it serves instead of testing.

#[path = "support/system/mod.rs"]
mod system;

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStderr, ChildStdout, Command, ExitCode, Stdio, Termination},
};

use falconry::{ApplicationLifetime, HostError, HttpContext, Pipeline, Result, WebHost, with_state};
use libtest_mimic::{Arguments, Failed, Trial};

use self::system::WAYS_TO_STOP;

const PROGRAM: &str = "FALCONRY_TEST_IS_THE_PROGRAM";

fn main() -> ExitCode {
    if env::var_os(PROGRAM).is_some() {
        return program().report();
    }
    libtest_mimic::run(&Arguments::from_args(), trials()).exit_code()
}

#[tokio::main]
async fn program() -> Result<(), HostError> {
    let builder = WebHost::builder().args(env::args());
    let lifetime = builder.lifetime();
    lifetime.on_stopping(|| println!("[stopping]"));
    lifetime.on_stopped(|| println!("[stopped]"));
    let forever = async |_: &mut HttpContext| {
        println!("[waiting]");
        std::future::pending::<Result>().await
    };
    let hello = async |ctx: &mut HttpContext| ctx.response_mut().write("Hello World!").await;
    let app = Pipeline::new()
        .map("/until-stopping", |branch| branch.run(with_state(lifetime, until_stopping)))
        .map("/forever", |branch| branch.run(forever))
        .run(hello);
    builder.run(app).await?;
    println!("[after run]");
    Ok(())
}

async fn until_stopping(lifetime: &ApplicationLifetime, ctx: &mut HttpContext) -> Result {
    println!("[waiting]");
    lifetime.stopping().cancelled().await;
    ctx.response_mut().write("at last").await
}

fn trials() -> Vec<Trial> {
    let trial = |name: &str, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok::<(), Failed>(())
        })
    };
    vec![
        #[cfg(windows)]
        trial("the_end_of_a_users_session_ends_the_programs_in_it", end_of_session),
        trial("each_signal_or_console_event_ends_the_program_in_order_with_status_0", each_way),
        trial("a_request_under_way_is_answered_before_the_program_ends", request_under_way),
        trial("a_stop_tells_how_many_requests_run_and_a_second_signal_aborts_them", second_signal),
        trial("requests_that_outlast_the_shutdown_timeout_are_aborted", timeout),
        trial("an_address_in_use_ends_the_program_with_status_1_and_says_what_to_do", address_in_use),
        trial("a_server_that_is_not_compiled_in_ends_the_program_with_status_1", unknown_server),
    ]
}

fn each_way() {
    for way in WAYS_TO_STOP {
        let mut program = Program::start(&[]);
        assert!(program.get("/").ends_with("Hello World!"));
        program.ask_to_stop(way);
        let (code, lines, errors) = program.end();
        assert_eq!(code, Some(0), "{way}");
        assert_eq!(lines, ["[stopping]", "Application is shutting down...", "[stopped]", "[after run]"]);
        assert_eq!(errors, "");
    }
}

#[cfg(windows)]
fn end_of_session() {
    let mut program = Program::start_with(&[], &[("SESSIONNAME", "Console")]);
    program.ask_to_stop("logoff");
    assert_eq!(program.end().0, Some(0));
}

fn request_under_way() {
    let mut program = Program::start(&[]);
    let mut client = program.send("/until-stopping");
    program.line("[waiting]");
    program.ask_to_stop(WAYS_TO_STOP[0]);
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("at last"), "{answer}");
    assert_eq!(program.end().0, Some(0));
}

fn second_signal() {
    let mut program = Program::start(&[]);
    let mut client = program.send("/forever");
    program.line("[waiting]");
    program.ask_to_stop(WAYS_TO_STOP[0]);
    let progress = program.error_line();
    let expected = "Waiting for 1 request to finish, 29 s at most. Press Ctrl+C again to abort.";
    assert!(progress == expected || progress == expected.replace("29", "28"), "{progress}");
    program.ask_to_stop(WAYS_TO_STOP[1]);
    let mut answer = Vec::new();
    // Cut off: an end or an error, and nothing that looks like an answer.
    let _ = client.read_to_end(&mut answer);
    assert!(answer.is_empty(), "{answer:?}");
    let (code, lines, errors) = program.end();
    assert_eq!(code, Some(0));
    assert_eq!(lines.last().unwrap(), "[after run]");
    let expected = format!("A second signal ({}): aborting 1 request.", WAYS_TO_STOP[1]);
    assert!(errors.contains(&expected), "{errors}");
}

fn timeout() {
    let mut program = Program::start(&["--shutdownTimeoutSeconds=1"]);
    let _client = program.send("/forever");
    program.line("[waiting]");
    program.ask_to_stop(WAYS_TO_STOP[0]);
    let (code, _, errors) = program.end();
    assert_eq!(code, Some(0));
    assert!(errors.contains("The shutdown timeout of 1s has passed: aborting 1 request."), "{errors}");
}

fn address_in_use() {
    let first = Program::start(&[]);
    let output = command(&["--urls", &first.address]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.starts_with("Error: the host could not start\n  because "), "{errors}");
    assert!(errors.contains(&first.address), "{errors}");
    assert!(errors.ends_with("choose another address: --urls http://localhost:5001\n"), "{errors}");
    assert!(output.stdout.is_empty());
}

fn unknown_server() {
    let output = command(&["--server", "none"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    let start = "Error: there is no server \"none\" (from argument --server); compiled in: kestrel";
    assert!(errors.starts_with(start), "{errors}");
}

fn command(arguments: &[&str]) -> Command {
    let mut command = system::command(&env::current_exe().unwrap());
    command.args(arguments).env(PROGRAM, "1").current_dir(env!("CARGO_TARGET_TMPDIR"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
    address: String,
}

impl Program {
    /// Starts the program and reads what it shows at the start.
    fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let urls = ["--urls", "http://127.0.0.1:0"];
        let mut command = command(&[&urls, arguments].concat());
        let mut child = command.envs(variables.iter().copied()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut program = Self { child, stdout, stderr, address: String::new() };
        let first = program.next_line();
        program.address = first.strip_prefix("Now listening on: ").expect(&first).to_owned();
        program.line("Application started. Press Ctrl+C to shut down.");
        program.line("Hosting environment: Production");
        program.next_line();
        program
    }

    fn ask_to_stop(&self, way: &str) {
        system::ask_to_stop(self.child.id(), way);
    }

    fn send(&self, path: &str) -> TcpStream {
        let mut client = TcpStream::connect(self.address.strip_prefix("http://").unwrap()).unwrap();
        write!(client, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        client
    }

    fn get(&self, path: &str) -> String {
        let mut client = TcpStream::connect(self.address.strip_prefix("http://").unwrap()).unwrap();
        write!(client, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    }

    fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn line(&mut self, expected: &str) {
        assert_eq!(self.next_line(), expected);
    }

    fn error_line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Waits for the end: exit code, the lines not yet read, and standard error.
    fn end(&mut self) -> (Option<i32>, Vec<String>, String) {
        let lines = (&mut self.stdout).lines().map(Result::unwrap).collect();
        let mut errors = String::new();
        self.stderr.read_to_string(&mut errors).unwrap();
        (self.child.wait().unwrap().code(), lines, errors)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
