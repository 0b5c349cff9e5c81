//! The program `falconry-httpsysd`: its command line, what it says, and how it ends.

#![cfg(unix)]

#[path = "../../../tests/support/process.rs"]
mod process;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
};

use process::{Folder, Process};

fn program() -> Command {
    let mut command = process::command(Path::new(env!("CARGO_BIN_EXE_falconry-httpsysd")));
    command.env_remove("FALCONRY_LOG");
    command
}

/// Runs it to its end.
fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().expect("the program runs")
}

/// What it says when it ends with this code.
fn says(arguments: &[&str], code: i32) -> String {
    let output = run(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    assert!(error.starts_with("falconry-httpsysd: "), "{arguments:?}: {error}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    error
}

/// A path in a folder, as an argument.
fn path(folder: &Folder, name: &str) -> String {
    folder.join(name).display().to_string()
}

/// A running broker; killed when dropped.
struct Running(Process);

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut command = program();
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut started = Process::start(&mut command).expect("it starts");
        let mut line = String::new();
        BufReader::new(started.child.stdout.take().expect("its output"))
            .read_line(&mut line)
            .expect("a line");
        assert!(line.starts_with("Now brokering on: "), "{line}");
        Self(started)
    }

    fn kill(&mut self, signal: &str) -> Option<i32> {
        let killed =
            Command::new("kill").args([signal, &self.0.child.id().to_string()]).status().expect("kill");
        assert!(killed.success());
        self.0.child.wait().expect("it ends").code()
    }
}

#[test]
fn a_wrong_command_line_is_told_in_one_line_and_ends_with_2() {
    for (arguments, expected) in [
        (&["--bogus"][..], "the option \"--bogus\" is not known"),
        (&["extra"], "the option \"extra\" is not known"),
        (&["--socket"], "--socket needs a value"),
        (&["--orphans", "soon"], "--orphans takes a number of seconds"),
        (&["--orphans=99999999999"], "--orphans takes a number of seconds"),
        (&["--group", "no such group"], "there is no group \"no such group\""),
        (&["--certificate", "x.pem"], "--certificate and --key go together"),
    ] {
        let error = says(arguments, 2);
        assert!(error.contains(expected) && error.contains("--help"), "{arguments:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    let help = run(&["--help"]);
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("--socket PATH"));
}

#[test]
fn what_it_cannot_listen_on_is_told_with_what_to_do() {
    let folder = Folder::new("listen");
    let missing = says(&["--socket", &path(&folder, "none/x.sock")], 1);
    assert!(missing.contains("there is no folder") && missing.contains("make it"), "{missing}");
    fs::write(path(&folder, "file"), "precious").expect("the file can be written");
    let file = says(&["--socket", &path(&folder, "file")], 1);
    assert!(file.contains("a file that is no socket"), "{file}");
    assert_eq!(fs::read_to_string(path(&folder, "file")).expect("the file"), "precious");
    let long = says(&["--socket", &path(&folder, &"x".repeat(200))], 1);
    assert!(long.contains("too long"), "{long}");
    let certificate = ["--socket", &path(&folder, "x"), "--certificate", "/no.pem", "--key", "/no.pem"];
    assert!(says(&certificate, 1).contains("cannot read /no.pem"));
}

#[test]
fn it_ends_in_good_order_and_its_socket_with_it() {
    let folder = Folder::new("ends");
    let socket = path(&folder, "broker.sock");
    for signal in ["-TERM", "-INT"] {
        let mut running = Running::start(&["--socket", &socket]);
        let second = says(&["--socket", &socket], 1);
        assert!(second.contains("another broker listens there"), "{second}");
        assert_eq!(running.kill(signal), Some(0));
        assert!(!fs::exists(&socket).expect("the folder"), "{signal}");
    }
}

#[test]
fn a_socket_that_was_left_behind_is_replaced() {
    let folder = Folder::new("left");
    let socket = path(&folder, "broker.sock");
    let mut running = Running::start(&["--socket", &socket]);
    assert_eq!(running.kill("-KILL"), None);
    assert!(fs::exists(&socket).expect("the folder"));
    let mut running = Running::start(&["--socket", &socket]);
    assert!(UnixStream::connect(&socket).is_ok());
    assert_eq!(running.kill("-TERM"), Some(0));
}

#[test]
fn it_says_who_comes_who_goes_and_who_makes_no_sense() {
    let folder = Folder::new("log");
    let socket = path(&folder, "broker.sock");
    let mut running = Running::start(&["--socket", &socket]);
    let mut log = BufReader::new(running.0.child.stderr.take().expect("its log")).lines();
    let mut next = |part: &str| {
        let line = log.find_map(|line| line.ok().filter(|line| line.contains(part)));
        assert!(line.is_some(), "{part}");
    };
    let mut stream = UnixStream::connect(&socket).expect("it listens");
    // The hello of the protocol: length, kind, version, name.
    stream.write_all(b"\0\0\0\x1a\x0f\0\0\0\0\0\0\0\x01falconry-httpsysd").expect("it is sent");
    stream.read_exact(&mut [0; 30]).expect("a hello");
    next("a process has attached");
    drop(stream);
    next("a process has gone");
    let mut stream = UnixStream::connect(&socket).expect("it listens");
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("it is sent");
    next("a process was sent away: it speaks something else");
    // Nothing that it says any more stops it.
    thread::spawn(move || log.for_each(drop));
    assert_eq!(running.kill("-TERM"), Some(0));
}
