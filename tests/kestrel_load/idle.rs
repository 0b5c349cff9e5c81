//! Many connections that do nothing.

use std::net::TcpStream;

use crate::{
    program::{Program, allow_descriptors},
    skip::skip,
};

const CONNECTIONS: usize = 10_000;
/// What a process needs beside connections.
const SPARE: usize = 200;

pub(crate) fn ten_thousand() {
    hold("beside_10000_idle_connections_a_client_is_answered_and_memory_is_bounded", |_, _| {});
}

/// Each has had an answer, and waits for its next request.
pub(crate) fn ten_thousand_used() {
    hold(
        "beside_10000_used_idle_connections_a_client_is_answered_and_memory_is_bounded",
        |program, client| {
            program.answers_in_time(client);
        },
    );
}

/// Opens the connections and does with each what `first` does; they stay open.
fn hold(name: &str, first: impl Fn(&Program, &mut TcpStream)) {
    let descriptors = CONNECTIONS + SPARE;
    if !allow_descriptors(descriptors) {
        return skip(name, "prlimit cannot allow this process 10,200 file descriptors");
    }
    let Some(program) = Program::start(descriptors) else {
        return skip(name, "the system does not allow 10,200 file descriptors");
    };
    let mut clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let mut client = program.connect();
            first(&program, &mut client);
            client
        })
        .collect();
    for _ in 0..20 {
        program.answers_in_time(&mut program.connect());
    }
    program.answers_in_time(clients.last_mut().unwrap());
    assert!(program.descriptors() >= CONNECTIONS, "some connections were closed");
    program.assert_memory_is_bounded();
}
