//! Applications that fail, in a request or at the start.

use crate::{
    is_skipped,
    support::{Setup, built_example},
};

#[test]
fn a_panic_is_a_500_and_a_line_in_the_log_and_the_worker_lives() {
    if is_skipped("a_panic_is_a_500_and_a_line_in_the_log_and_the_worker_lives") {
        return;
    }
    let nginx = Setup::app(&built_example("nginx_probe")).start();
    let worker = nginx.get("/");
    let mut wire = nginx.connect();
    wire.send("GET /panic HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = wire.read_until("\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 500 Internal Server Error\r\n"), "{head}");
    nginx.wait_for_log("the application panicked: a panic on purpose");
    nginx.wait_for_log("request: \"GET /panic HTTP/1.1\"");
    // The connection and the worker are the same.
    let answer = wire.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!(answer.contains(&worker), "{answer:?} is not of worker {worker}");
}

#[test]
fn a_panic_after_the_start_cuts_the_response() {
    if is_skipped("a_panic_after_the_start_cuts_the_response") {
        return;
    }
    let nginx = Setup::app(&built_example("nginx_probe")).start();
    let answer = nginx.connect().exchange("GET /panic-late HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(answer.contains("beginning"), "{answer}");
    assert!(!answer.contains("\r\n0\r\n"), "the client takes it for whole: {answer}");
    nginx.wait_for_log("a late panic on purpose");
    nginx.get("/").parse::<u32>().expect("the worker answers");
}

#[test]
fn an_application_that_cannot_start_is_503_with_the_reason_in_the_log() {
    if is_skipped("an_application_that_cannot_start_is_503_with_the_reason_in_the_log") {
        return;
    }
    let mut setup = Setup::app(&built_example("nginx_probe"));
    setup.variables.push(("FALCONRY_SHUTDOWNTIMEOUTSECONDS".to_owned(), "soon".to_owned()));
    let nginx = setup.start();
    let answer = nginx.connect().exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    nginx.wait_for_log("falconry: the application cannot start: ");
}

#[test]
fn a_library_that_is_no_application_is_said_to_be_none() {
    if is_skipped("a_library_that_is_no_application_is_said_to_be_none") {
        return;
    }
    let nginx = Setup::app(&crate::support::built().module).start();
    let answer = nginx.connect().exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    nginx.wait_for_log("is no application: it has no export_app!");
}
