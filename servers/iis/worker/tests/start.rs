//! How the module starts its application, and what it answers where that fails.

mod support;

use self::support::{Setup, Worker};

fn probe(how: &str) -> Setup {
    Setup::new("iis_probe").variable("FALCONRY_PROBE", how)
}

#[test]
fn an_application_that_ends_before_it_listens_is_answered_for_by_500_30() {
    let name = "an_application_that_ends_before_it_listens_is_answered_for_by_500_30";
    let Some(worker) = probe("fails").start(name) else { return };
    for _ in 0..2 {
        assert!(worker.ask("/").starts_with("HTTP/1.1 500"));
    }
    let errors = worker.end();
    assert_eq!(errors.matches("a page of the server's own: 500.30").count(), 2, "{errors}");
}

#[test]
fn an_application_that_does_not_listen_in_time_is_answered_for_by_500_37_and_another_worker_asked_for() {
    let name =
        "an_application_that_does_not_listen_in_time_is_answered_for_by_500_37_and_another_worker_asked_for";
    let setup = probe("hangs").variable("FALCONRY_IIS_STARTUP_TIME_LIMIT", "1");
    let Some(worker) = setup.start(name) else { return };
    assert!(worker.ask("/").starts_with("HTTP/1.1 500"));
    assert_eq!(worker.wait_for("asked for another worker: "), "the application did not start in time");
    let errors = worker.end();
    assert!(errors.contains("a page of the server's own: 500.37"), "{errors}");
}

#[test]
fn the_first_requests_wait_for_the_start_and_are_served() {
    let Some(worker) = Worker::start("the_first_requests_wait_for_the_start_and_are_served") else { return };
    let asked: Vec<_> = (0..8).map(|_| worker.send("GET /")).collect();
    for stream in asked {
        assert!(support::rest(stream).ends_with("Hello World!"));
    }
    worker.end();
}

#[test]
fn the_current_folder_is_that_of_the_application() {
    let folder = std::env::temp_dir();
    let setup = Setup::new("iis_probe").arguments(["--folder", folder.to_str().expect("it is text")]);
    let Some(worker) = setup.start("the_current_folder_is_that_of_the_application") else { return };
    let answer = worker.ask("/folder");
    let told = answer.rsplit("\r\n").next().unwrap_or_default();
    assert_eq!(std::fs::canonicalize(told).unwrap(), std::fs::canonicalize(&folder).unwrap());
    worker.end();
}

#[test]
fn an_application_below_the_root_has_a_path_base() {
    let id = "/LM/W3SVC/1/ROOT/app";
    let setup = Setup::new("iis_probe").arguments(["--application", id]);
    let Some(mut worker) = setup.start("an_application_below_the_root_has_a_path_base") else { return };
    assert!(worker.ask("/App/x").ends_with("/x of /App"));
    assert!(worker.ask("/app/environment").contains("application_virtual_path: \"/app\""));
    worker.tell("stop listening");
    // That of the root is another application.
    worker.tell("application stop /LM/W3SVC/1/ROOT");
    assert!(worker.ask("/app/here").ends_with("/here of /app"));
    worker.tell(&format!("application stop {id}"));
    assert!(worker.ask("/app/here").starts_with("HTTP/1.1 503"));
    worker.end();
}
