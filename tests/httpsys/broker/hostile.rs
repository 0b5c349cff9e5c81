//! Processes that speak the broker's protocol badly: they harm nobody but themselves.
//!
//! The broker is a process of its own that ends when anything in it panics.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use super::raw::{
    CALL, CANCEL, ENTITY_BODY, HELLO, READ, RECEIVE, RELEASE, REQUEST, RESPONSE, RESULT, Site, WATCH, frame,
    response,
};
use crate::support::{LIMIT, free_port};

#[test]
fn bytes_that_are_no_protocol_end_their_connection_and_nothing_else() {
    let site = Site::new("noprotocol");
    let endings: [&[u8]; 6] = [
        b"GET / HTTP/1.1\r\n\r\n",
        &[0xff; 64],
        // Shorter than a frame can be, a kind that there is not, and one byte too long.
        &[0, 0, 0, 1, CALL],
        &[0, 0, 0, 9, 99, 0, 0, 0, 0, 0, 0, 0, 0],
        &[0, 0x10, 0, 1, CALL, 0, 0, 0, 0, 0, 0, 0, 0],
        &[],
    ];
    for bytes in endings {
        for mut raw in [site.connect(), site.attach()] {
            raw.try_send(bytes);
            raw.stream.shutdown(std::net::Shutdown::Write).expect("a shutdown");
            // Whoever says hello late is told who this is.
            while let Some((kind, ..)) = raw.frame() {
                assert_eq!(kind, HELLO);
            }
        }
        site.check();
    }
    // Cut anywhere.
    let whole = [frame(CALL, 1, br#"{"CreateSession":{"session":2}}"#), frame(RECEIVE, 1, b"")].concat();
    for length in 0..whole.len() {
        let mut raw = site.attach();
        raw.send(READ, 1, b"");
        assert!(raw.try_send(&whole[..length]));
    }
    site.check();
}

#[test]
fn a_process_of_another_release_is_told_which_one_the_broker_is() {
    let site = Site::new("version");
    let mut raw = site.connect();
    raw.send(HELLO, 77, b"falconry-httpsysd");
    assert_eq!(raw.frame(), Some((HELLO, 1, b"falconry-httpsysd".to_vec())));
    assert_eq!(raw.frame(), None);
    site.check();
}

#[test]
fn calls_that_make_no_sense_fail_and_others_go_on() {
    let site = Site::new("calls");
    let mut raw = site.attach();
    let code = |result: &str| result.split(['{', ':', ',', '}']).nth(2).map(str::to_owned);
    for (call, expected) in [
        ("", "1"),
        ("{", "1"),
        ("[[[[[[[[[[[[[[[[[", "1"),
        (r#"{"Unknown":{}}"#, "1"),
        (r#"{"CreateSession":{"session":-1}}"#, "1"),
        (r#"{"CreateGroup":{"session":9,"group":1}}"#, "6"),
        (r#"{"AddUrl":{"group":9,"url":"http://127.0.0.1:1/","context":1}}"#, "6"),
        (r#"{"CloseQueue":{"queue":9}}"#, "0"),
        (r#"{"CloseSession":{"session":9,"at_once":false}}"#, "0"),
        (r#"{"OpenQueue":{"queue":1,"name":null,"opens_existing":true}}"#, "87"),
        (r#"{"OpenQueue":{"queue":1,"name":null,"opens_existing":false}}"#, "0"),
        (r#"{"OpenQueue":{"queue":1,"name":null,"opens_existing":false}}"#, "183"),
        (r#"{"SetQueue":{"queue":1,"property":{"Length":0}}}"#, "87"),
        (r#"{"SetQueue":{"queue":1,"property":{"Verbosity503":7}}}"#, "87"),
        (r#"{"CreateSession":{"session":2}}"#, "0"),
        (r#"{"CreateSession":{"session":2}}"#, "183"),
        (r#"{"CreateGroup":{"session":2,"group":3}}"#, "0"),
        (r#"{"AddUrl":{"group":3,"url":"nonsense","context":1}}"#, "87"),
        (r#"{"SetGroup":{"group":3,"property":{"Binding":9}}}"#, "6"),
        (r#"{"SetGroup":{"group":3,"property":{"Authentication":4294967295}}}"#, "0"),
        (
            r#"{"SetGroup":{"group":3,"property":{"Timeouts":[[18446744073709551615,18446744073709551615,18446744073709551615,18446744073709551615,18446744073709551615],4294967295]}}}"#,
            "0",
        ),
        (r#"{"SetGroup":{"group":3,"property":{"Timeouts":[[null,null,null,0,0],null]}}}"#, "87"),
        (r#"{"RemoveUrl":{"group":3,"url":"http://127.0.0.1:1/"}}"#, "1168"),
    ] {
        let result = raw.call(call);
        assert_eq!(code(&result).as_deref(), Some(expected), "{call}: {result}");
    }
    let port = free_port();
    let long = format!("http://127.0.0.1:{port}/{}/", "a".repeat(100_000));
    let result = raw.call(&format!(r#"{{"AddUrl":{{"group":3,"url":"{long}","context":1}}}}"#));
    assert_eq!(code(&result).as_deref(), Some("87"));
    // With the timeouts from above.
    let result =
        raw.call(&format!(r#"{{"AddUrl":{{"group":3,"url":"http://127.0.0.1:{port}/","context":1}}}}"#));
    assert_eq!(code(&result).as_deref(), Some("0"), "{result}");
    let last = (0..2000)
        .map(|number| raw.call(&format!(r#"{{"CreateGroup":{{"session":2,"group":{}}}}}"#, 10 + number)))
        .last();
    assert_eq!(code(&last.expect("a result")).as_deref(), Some("1816"), "there is a limit");
    site.check();
}

#[test]
fn timeouts_that_make_no_sense_do_not_close_the_port_of_others() {
    let site = Site::new("timeouts");
    let mut raw = site.attach();
    raw.register(&format!("http://127.0.0.1:{}/bad/", site.address().port()));
    let result = raw.call(r#"{"SetGroup":{"group":3,"property":{"Timeouts":[[0,0,0,0,0],0]}}}"#);
    assert!(result.contains(r#""code":87"#), "{result}");
    site.check();
}

#[test]
fn operations_on_a_request_that_make_no_sense_end_at_most_that_request() {
    let site = Site::new("operations");
    let mut raw = site.attach();
    let address: SocketAddr = ([127, 0, 0, 1], free_port()).into();
    raw.register(&format!("http://{address}/"));
    let count = |fields: u32| fields.to_be_bytes();
    let odd: Vec<(u8, Vec<u8>)> = vec![
        (RESPONSE, vec![0xff; 64]),
        (RESPONSE, Vec::new()),
        // More fields than a map can have, with the bytes for them.
        (
            RESPONSE,
            [&[0; 8][..], &200_u16.to_be_bytes(), &[0], &[0; 8], &count(100_000), &vec![0; 900_000]].concat(),
        ),
        (RESPONSE, response(99, &count(0), b"")),
        (RESPONSE, response(100, &count(0), b"no answer")),
        (RESPONSE, response(101, &count(0), b"no upgrade")),
        (RESPONSE, response(999, &count(0), b"odd")),
        (RESPONSE, response(200, b"\0\0\0\x01\0\0\0\x0econtent-length\0\0\0\x03abc", b"odd")),
        (RESPONSE, response(200, b"\0\0\0\x01\0\0\0\x0econtent-length\0\0\0\x011", b"longer")),
        (RESPONSE, response(204, &count(0), b"a body")),
        (RESPONSE, [&[0xff; 8][..], &response(200, &count(0), b"flags")[8..]].concat()),
        (
            RESPONSE,
            [&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff][..], &response(200, &count(0), b"flags")[8..]].concat(),
        ),
        (ENTITY_BODY, vec![0; 13]),
        (ENTITY_BODY, vec![0xff; 13]),
        (READ, Vec::new()),
        (READ, vec![0; 4]),
        (READ, vec![0xff; 4]),
        (CANCEL, vec![0xff; 9]),
        (WATCH, vec![1; 100]),
        (REQUEST, Vec::new()),
        (RESULT, vec![1]),
        (HELLO, b"falconry-httpsysd".to_vec()),
        (RELEASE, vec![9; 9]),
    ];
    for (kind, content) in odd {
        let mut client = TcpStream::connect(address).expect("a connection");
        client.set_read_timeout(Some(LIMIT)).expect("a timeout");
        client
            .write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
            .expect("it is sent");
        raw.send(RECEIVE, 1, b"");
        let (number, _) = raw.next(REQUEST);
        // Twice: a second one may come while the first is under way. And of no request at all.
        raw.send(kind, number, &content);
        raw.send(kind, number, &content);
        raw.send(kind, 4_711, &content);
        raw.send(RELEASE, number, b"");
        // Whatever it is answered by, the connection is ended or goes on in good order.
        let mut answer = Vec::new();
        let mut buffer = [0; 4096];
        let first = client.read(&mut buffer);
        answer.extend_from_slice(&buffer[..first.unwrap_or(0)]);
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 "), "{kind}: {answer:?}");
        site.check();
    }
    assert!(raw.call(r#"{"CloseQueue":{"queue":1}}"#).contains(r#""code":0"#), "the process goes on, too");
}

/// Numbers that are the same in every run (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap_or_default() % limit
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most);
        (0..length).map(|_| self.below(256).to_le_bytes()[0]).collect()
    }
}

#[test]
fn nonsense_of_three_hundred_seeds_leaves_the_broker_as_it_was() {
    let site = Site::new("seeds");
    let address: SocketAddr = ([127, 0, 0, 1], free_port()).into();
    let before = site.megabytes();
    for seed in 1..=300 {
        let mut random = Random(seed);
        let mut raw = site.attach();
        // As good as registered: without waiting, so that nonsense may come in between.
        for call in [
            r#"{"OpenQueue":{"queue":1,"name":null,"opens_existing":false}}"#.to_owned(),
            r#"{"CreateSession":{"session":2}}"#.to_owned(),
            r#"{"CreateGroup":{"session":2,"group":3}}"#.to_owned(),
            r#"{"SetGroup":{"group":3,"property":{"Binding":1}}}"#.to_owned(),
            format!(r#"{{"AddUrl":{{"group":3,"url":"http://{address}/{seed}/","context":1}}}}"#),
        ] {
            raw.try_send(&frame(CALL, 1, call.as_bytes()));
        }
        raw.try_send(&frame(RECEIVE, 1, b"").repeat(5));
        let client = TcpStream::connect(address).and_then(|mut client| {
            client.write_all(
                format!("POST /{seed}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhello").as_bytes(),
            )?;
            Ok(client)
        });
        for _ in 0..30 {
            let kind = u8::try_from(random.below(18)).unwrap_or_default();
            let number = random.below(8) as u64;
            let mut content = match random.below(4) {
                0 => response(200, &[0; 4], b"body"),
                1 => br#"{"SetGroup":{"group":3,"property":{"Enabled":true}}}"#.to_vec(),
                _ => random.bytes(64),
            };
            for _ in 0..random.below(3) {
                if !content.is_empty() {
                    let position = random.below(content.len());
                    content[position] = random.below(256).to_le_bytes()[0];
                }
            }
            let mut bytes = frame(kind, number, &content);
            if random.below(10) == 0 {
                let position = random.below(bytes.len());
                bytes[position] ^= 1 << random.below(8);
            }
            if !raw.try_send(&bytes) {
                break;
            }
        }
        drop(client);
        if seed % 100 == 0 {
            site.check();
        }
    }
    site.check();
    if let (Some(before), Some(now)) = (before, site.megabytes()) {
        assert!(now < before + 100, "{before} MB have become {now} MB");
    }
}
