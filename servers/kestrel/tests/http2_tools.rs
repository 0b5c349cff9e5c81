//! Clients that others have written, where they are installed.

#[path = "support/h2/mod.rs"]
mod h2;

use std::process::{Command, Output};

use h2::Server;

/// What a program has said; `None` if it is not installed.
fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) => {
            eprintln!("{program} was not run: {error}");
            None
        }
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn curl_fetches_and_posts() {
    let server = Server::start();
    let curl = |arguments: &[&str], path: &str| {
        let url = server.url(path);
        let all = [&["--silent", "--http2-prior-knowledge", "--max-time", "20"], arguments, &[&url]].concat();
        run("curl", &all)
    };
    let Some(output) = curl(&["--write-out", "%{http_version} %{http_code}"], "/") else { return };
    assert_eq!(text(&output), "Hello World!2 200");
    let output = curl(&["--data-binary", "some words"], "/echo").unwrap();
    assert_eq!(text(&output), "some words");
    let output = curl(&["--head"], "/length?hello").unwrap();
    assert!(text(&output).contains("content-length: 5"), "{}", text(&output));
    let output = curl(&[], "/big?5000000").unwrap();
    assert_eq!(output.stdout.len(), 5_000_000);
    // curl says 92 for a stream that was reset.
    assert_eq!(curl(&[], "/late-fail").unwrap().status.code(), Some(92));
}

#[test]
fn curl_posts_what_waits_for_100_continue() {
    let server = Server::start();
    let body = format!("@{}", std::env::current_exe().unwrap().display());
    let url = server.url("/unlimited");
    let arguments =
        ["-s", "--http2-prior-knowledge", "-H", "Expect: 100-continue", "--data-binary", &body, &url];
    let Some(output) = run("curl", &arguments) else { return };
    let length = std::fs::metadata(&body[1..]).unwrap().len();
    assert_eq!(text(&output), length.to_string());
}

#[test]
fn curl_with_an_upgrade_stays_on_http1() {
    let server = Server::start();
    let url = server.url("/");
    let arguments = ["-s", "--http2", "--write-out", "%{http_version}", &url];
    let Some(output) = run("curl", &arguments) else { return };
    assert_eq!(text(&output), "Hello World!1.1");
}

#[test]
fn nghttp_fetches_with_priorities_and_trailers() {
    let server = Server::start();
    let url = server.url("/trailers");
    let Some(output) = run("nghttp", &["-v", "-d", "/etc/hostname", "--trailer=x-a: b", &url]) else {
        return;
    };
    let said = text(&output);
    assert!(said.contains(":status: 200") && said.contains("x-after: all"), "{said}");
}

#[test]
fn h2load_loses_nothing() {
    let server = Server::start();
    for path in ["/", "/big?100000"] {
        let url = server.url(path);
        let Some(output) = run("h2load", &["-n", "2000", "-c", "4", "-m", "32", &url]) else { return };
        let said = text(&output);
        assert!(said.contains("2000 succeeded, 0 failed, 0 errored"), "{said}");
    }
}
