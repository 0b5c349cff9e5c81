//! No more file descriptors (EMFILE).

use std::{
    io::{ErrorKind, Read},
    thread,
    time::{Duration, Instant},
};

use crate::program::{Program, answer, request};

const LIMIT: usize = 64;
const CLIENTS: usize = 100;

pub(crate) fn run_out() {
    let program = Program::start(LIMIT).expect("fewer are always allowed");
    let mut old = program.connect();
    program.answers_in_time(&mut old);
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| program.connect()).collect();
    clients.iter_mut().for_each(request);
    wait_until(|| program.descriptors() >= LIMIT);
    // Who is in is served.
    program.answers_in_time(&mut old);
    let mut last = clients.pop().unwrap();
    last.set_nonblocking(true).unwrap();
    let unanswered = last.read(&mut [0; 1]).map_err(|error| error.kind());
    assert_eq!(unanswered, Err(ErrorKind::WouldBlock), "there were descriptors for all");
    // Room for the others.
    clients.truncate(CLIENTS / 2 - 1);
    drop(clients);
    last.set_nonblocking(false).unwrap();
    answer(&mut last);
    program.answers_in_time(&mut old);
    program.answers_in_time(&mut program.connect());
    // Told once, not at every attempt.
    wait_until(|| program.logged("AcceptRecovered") > 0);
    assert_eq!(program.logged("AcceptFailed"), 1);
}

fn wait_until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "it has not happened in 30 s");
        thread::yield_now();
    }
}
