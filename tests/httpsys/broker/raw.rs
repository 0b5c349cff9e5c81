//! A broker, and a process that speaks its protocol by hand.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::SocketAddr,
    os::unix::net::UnixStream,
};

use super::support::{Place, Process};
use crate::support::{LIMIT, free_port, get};

/// The kinds of frames that clients send, by the numbers of the protocol.
pub(super) const CALL: u8 = 1;
pub(super) const RESULT: u8 = 2;
pub(super) const RECEIVE: u8 = 3;
pub(super) const REQUEST: u8 = 4;
pub(super) const READ: u8 = 5;
pub(super) const RESPONSE: u8 = 8;
pub(super) const ENTITY_BODY: u8 = 9;
pub(super) const CANCEL: u8 = 11;
pub(super) const WATCH: u8 = 12;
pub(super) const RELEASE: u8 = 14;
pub(super) const HELLO: u8 = 15;

/// A broker, and a server that must not notice anything.
pub(super) struct Site {
    broker: Process,
    server: Process,
    place: Place,
}

impl Site {
    pub(super) fn new(name: &str) -> Self {
        let place = Place::new(name);
        let broker = Process::start(&format!("broker {}", place.socket()));
        let server =
            Process::start(&format!("server {} http://127.0.0.1:{}/good/", place.socket(), free_port()));
        Self { broker, server, place }
    }

    /// A process that has said hello.
    pub(super) fn attach(&self) -> Raw {
        let mut raw = self.connect();
        raw.send(HELLO, 1, b"falconry-httpsysd");
        assert_eq!(raw.frame().map(|frame| frame.0), Some(HELLO));
        raw
    }

    pub(super) fn connect(&self) -> Raw {
        let stream = UnixStream::connect(self.place.socket()).expect("the broker listens");
        stream.set_read_timeout(Some(LIMIT)).expect("a timeout");
        Raw { stream, last: 0 }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Everything is as it was: the good server answers.
    pub(super) fn check(&self) {
        let answer = get(self.address(), "x", "/good/a", "").expect("the broker lives");
        assert_eq!(answer.body, "process /good|/a");
    }

    /// The memory of the broker, in megabytes; `None` where that cannot be told.
    pub(super) fn megabytes(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.broker.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
    }
}

/// A process that writes frames by hand.
pub(super) struct Raw {
    pub(super) stream: UnixStream,
    last: u64,
}

impl Raw {
    /// False if the broker has closed the connection.
    pub(super) fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    pub(super) fn send(&mut self, kind: u8, number: u64, content: &[u8]) {
        assert!(self.try_send(&frame(kind, number, content)), "the broker has closed the connection");
    }

    /// The next frame; `None` once the broker has closed the connection.
    pub(super) fn frame(&mut self) -> Option<(u8, u64, Vec<u8>)> {
        let mut length = [0; 4];
        match self.stream.read_exact(&mut length) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("the broker sends nothing"),
            Err(_) => return None,
        }
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut frame).ok()?;
        let number = u64::from_be_bytes(frame[1..9].try_into().expect("eight bytes"));
        Some((frame[0], number, frame.split_off(9)))
    }

    /// The next frame of this kind.
    pub(super) fn next(&mut self, kind: u8) -> (u64, Vec<u8>) {
        loop {
            let (other, number, content) = self.frame().expect("the broker goes on");
            if other == kind {
                return (number, content);
            }
        }
    }

    /// What a call gives.
    pub(super) fn call(&mut self, call: &str) -> String {
        self.last += 1;
        self.send(CALL, self.last, call.as_bytes());
        let (number, result) = self.next(RESULT);
        assert_eq!(number, self.last);
        String::from_utf8(result).expect("a text")
    }

    /// A queue (1) with a group (3) of a session (2) that has this prefix.
    pub(super) fn register(&mut self, prefix: &str) {
        for call in [
            r#"{"OpenQueue":{"queue":1,"name":null,"opens_existing":false}}"#.to_owned(),
            r#"{"CreateSession":{"session":2}}"#.to_owned(),
            r#"{"CreateGroup":{"session":2,"group":3}}"#.to_owned(),
            r#"{"SetGroup":{"group":3,"property":{"Binding":1}}}"#.to_owned(),
            format!(r#"{{"AddUrl":{{"group":3,"url":"{prefix}","context":1}}}}"#),
        ] {
            let result = self.call(&call);
            assert!(result.contains(r#""code":0"#), "{call}: {result}");
        }
    }
}

pub(super) fn frame(kind: u8, number: u64, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(9 + content.len()).expect("a length");
    [&length.to_be_bytes()[..], &[kind], &number.to_be_bytes(), content].concat()
}

/// A first send with these fields, which are as the protocol has them, and this body.
pub(super) fn response(status: u16, fields: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("a length").to_be_bytes();
    [&[0; 8][..], &status.to_be_bytes(), &[0], &[0; 8], fields, &length, body, &[0]].concat()
}
