//! Slowloris: clients that send or read as slowly as they can.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
};

use socket2::{Domain, Socket, Type};

use crate::program::{FOREVER, PATIENCE, Program};

const CLIENTS: usize = 200;
/// Each keeps some of the system's memory for what it does not read.
const READERS: usize = 100;

pub(crate) fn heads() {
    let answers = trickle("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    for answer in answers {
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer:?}");
    }
}

pub(crate) fn bodies() {
    let answers = trickle("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
    for answer in answers {
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer:?}");
    }
}

pub(crate) fn readers() {
    const SIZE: u64 = 50_000_000;
    let program = Program::start(1000).expect("so many are always allowed");
    let at_rest = program.descriptors();
    let request = format!("GET /big?size={SIZE} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let clients: Vec<_> = (0..READERS)
        .map(|_| {
            let mut client = connect_with_small_buffer(&program);
            client.write_all(request.as_bytes()).unwrap();
            client
        })
        .collect();
    // On a busy machine it takes a while until the system's buffers are full and the clients' time begins.
    let start = std::time::Instant::now();
    while start.elapsed() < PATIENCE * 2 || program.descriptors() > at_rest {
        program.answers_in_time(&mut program.connect());
        assert!(start.elapsed() < FOREVER, "clients that do not read are still connected");
    }
    for mut client in clients {
        match std::io::copy(&mut client, &mut std::io::sink()) {
            Ok(received) => assert!(received < SIZE, "a client that did not read got everything"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
        }
    }
    program.assert_memory_is_bounded();
}

/// Every client sends `start` and then one byte after the other, until the server has had enough; others go on. What
/// the clients were told at last.
fn trickle(start: &str) -> Vec<String> {
    let program = Program::start(1000).expect("so many are always allowed");
    let mut clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let mut client = program.connect();
            client.write_all(start.as_bytes()).unwrap();
            client
        })
        .collect();
    let mut is_open = true;
    while is_open {
        program.answers_in_time(&mut program.connect());
        is_open = false;
        for client in &mut clients {
            is_open |= !has_answer(client) && client.write_all(b"x").is_ok();
        }
    }
    program.assert_memory_is_bounded();
    clients.into_iter().map(rest).collect()
}

fn has_answer(client: &TcpStream) -> bool {
    client.set_nonblocking(true).unwrap();
    let has_answer = client.peek(&mut [0; 1]).is_ok();
    client.set_nonblocking(false).unwrap();
    has_answer
}

fn rest(mut client: TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = client.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn connect_with_small_buffer(program: &Program) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&program.address().into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    stream
}
