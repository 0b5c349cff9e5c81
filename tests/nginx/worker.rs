//! The worker: its reload, its end, and the same application outside of it.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use crate::{
    is_skipped,
    support::{
        Setup, Which, Wire, built, built_example, example,
        process::{self, Process},
    },
};

#[test]
fn a_reload_under_load_loses_no_request() {
    if is_skipped("a_reload_under_load_loses_no_request") {
        return;
    }
    reload_under_load(Setup::app(&built().contract));
}

#[test]
fn a_reload_of_the_newest_nginx_under_load_loses_no_request() {
    if is_skipped("a_reload_of_the_newest_nginx_under_load_loses_no_request") {
        return;
    }
    let newest = Which::Vendored;
    reload_under_load(Setup { which: newest, ..Setup::app(&newest.built().contract) });
}

fn reload_under_load(setup: Setup) {
    let nginx = setup.start();
    let address = nginx.address();
    let (is_over, answered, failures) = (AtomicBool::new(false), AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for target in ["/", "/wait?ms=20", "/stream?count=5&size=1000&delay_ms=5", "/big?size=400000"] {
            let (is_over, answered, failures) = (&is_over, &answered, &failures);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                    let answer = Wire::connect(address).exchange(&request);
                    let is_cut =
                        answer.contains("Transfer-Encoding: chunked") && !answer.ends_with("\r\n0\r\n\r\n");
                    if is_cut || !answer.starts_with("HTTP/1.1 200 OK\r\n") {
                        failures
                            .lock()
                            .unwrap()
                            .push(format!("{target}: {} bytes: {answer:.200}", answer.len()));
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for _ in 0..3 {
            let before = answered.load(Ordering::Relaxed);
            nginx.reload();
            while answered.load(Ordering::Relaxed) < before + 40 {
                thread::yield_now();
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{failures:?}; the log: {}", nginx.log());
}

#[test]
fn a_reload_lets_a_response_under_way_come_to_its_end() {
    if is_skipped("a_reload_lets_a_response_under_way_come_to_its_end") {
        return;
    }
    let nginx = Setup::app(&built().contract).start();
    let mut wire = nginx.connect();
    wire.send("GET /stream?count=30&size=100&delay_ms=100 HTTP/1.1\r\nHost: a\r\n\r\n");
    wire.read_until("\r\n\r\n");
    nginx.reload();
    let rest = wire.rest();
    assert!(rest.ends_with("\r\n0\r\n\r\n"), "cut: {rest:?}");
    assert_eq!(nginx.get("/"), "Hello World!");
    assert!(!nginx.log().contains("open socket"), "{}", nginx.log());
}

#[test]
fn a_reload_closes_web_sockets_in_order() {
    if is_skipped("a_reload_closes_web_sockets_in_order") {
        return;
    }
    let nginx = Setup::app(&built().contract).start();
    let mut wire = nginx.connect();
    wire.send(
        "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    wire.read_until("\r\n\r\n");
    let before = nginx.workers();
    nginx.reload();
    // 1001: going away.
    let mut close = [0; 4];
    std::io::Read::read_exact(&mut wire.0, &mut close).expect("the server closes");
    assert_eq!((close[0], &close[2..]), (0x88, &[0x03, 0xe9][..]));
    wire.send([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9]);
    drop(wire);
    nginx.wait_until(|nginx| nginx.workers().iter().all(|worker| !before.contains(worker)));
}

#[test]
fn a_reload_loads_the_application_that_is_there_then() {
    if is_skipped("a_reload_loads_the_application_that_is_there_then") {
        return;
    }
    let probe = built_example("nginx_probe");
    let mut setup = Setup::location("falconry_app {folder}/app.so;");
    setup.copies.push(("app.so".to_owned(), built().contract.clone()));
    let nginx = setup.start();
    assert_eq!(nginx.get("/"), "Hello World!");
    // As an installer does: another file under the name, and not other bytes in the file that is in use.
    let new = nginx.folder().join("new.so");
    std::fs::copy(probe, &new).expect("there is room for a copy");
    std::fs::rename(new, nginx.folder().join("app.so")).expect("it can be renamed");
    nginx.reload();
    nginx.wait_until(|nginx| nginx.get("/").parse::<u32>().is_ok());
}

#[test]
fn an_idle_nginx_ends_in_order() {
    if is_skipped("an_idle_nginx_ends_in_order") {
        return;
    }
    let mut nginx = Setup::app(&built().contract).start();
    assert_eq!(nginx.get("/"), "Hello World!");
    nginx.signal("QUIT");
    assert!(nginx.wait(), "{}", nginx.log());
    let log = nginx.log();
    assert!(!log.contains("has not ended within") && !log.contains("[alert]"), "{log}");
}

#[test]
fn the_application_says_where_it_runs() {
    if is_skipped("the_application_says_where_it_runs") {
        return;
    }
    let nginx = Setup::app(&built().contract).start();
    assert!(nginx.get("/info").contains("\"server\":\"nginx\""));
    // The same library functions in a program: Kestrel, though the server of nginx is compiled in.
    let mut command = process::command(&example("outside"));
    command.args(["--urls", "http://127.0.0.1:0"]).stdout(Stdio::piped());
    let mut outside = Process::start(&mut command).expect("the program can be started");
    let mut line = String::new();
    BufReader::new(outside.child.stdout.take().expect("it is piped"))
        .read_line(&mut line)
        .expect("it says its address");
    let address = line
        .trim()
        .strip_prefix("Now listening on: http://")
        .expect("an address")
        .parse()
        .expect("an address");
    let answer =
        Wire::connect(address).exchange("GET /info HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!(answer.contains("\"server\":\"kestrel\""), "{answer}");
}
