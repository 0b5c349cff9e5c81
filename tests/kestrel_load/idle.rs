//! Many connections that do nothing.

use crate::{
    program::{Program, allow_descriptors},
    skip::skip,
};

const CONNECTIONS: usize = 10_000;
/// What a process needs beside connections.
const SPARE: usize = 200;

pub(crate) fn ten_thousand() {
    const NAME: &str = "beside_10000_idle_connections_a_client_is_answered_and_memory_is_bounded";
    let descriptors = CONNECTIONS + SPARE;
    if !allow_descriptors(descriptors) {
        return skip(NAME, "prlimit cannot allow this process 10,200 file descriptors");
    }
    let Some(program) = Program::start(descriptors) else {
        return skip(NAME, "the system does not allow 10,200 file descriptors");
    };
    let mut clients: Vec<_> = (0..CONNECTIONS).map(|_| program.connect()).collect();
    for _ in 0..20 {
        program.answers_in_time(&mut program.connect());
    }
    program.answers_in_time(clients.last_mut().unwrap());
    assert!(program.descriptors() >= CONNECTIONS, "some connections were closed");
    program.assert_memory_is_bounded();
}
