//! Clients that mean harm: each is stopped, and another client is served.

#[path = "support/h2/mod.rs"]
mod h2;

use h2::{
    Frame, Raw, Server, block, code, data, flag, frame, headers, kind,
    raw::{GET, POST, path_of, with},
    settings,
};

const END: u8 = flag::END_STREAM;

/// What a client may cost.
const MAX_GROWTH: usize = 96 * 1024 * 1024;

/// Sends the same over and over until the server goes away; the code, and how often it took.
fn flood(server: &Server, raw: &mut Raw, mut next: impl FnMut(u32) -> Vec<u8>) -> (Option<u32>, u32) {
    let mut count = 0;
    // What only lies in the system's buffers has been taken by nobody: they shall be small.
    socket2::SockRef::from(&raw.stream).set_send_buffer_size(16 * 1024).unwrap();
    raw.stream.set_nonblocking(true).unwrap();
    while count < 200_000 {
        let batch: Vec<u8> = (count..count + 100).flat_map(&mut next).collect();
        count += 100;
        if !push(raw, &batch) {
            break;
        }
    }
    raw.stream.set_nonblocking(false).unwrap();
    server.connect().assert_serves(1);
    (raw.goaway(), count)
}

/// Writes all of it, and takes what comes back meanwhile; false once the server has closed.
fn push(raw: &mut Raw, mut bytes: &[u8]) -> bool {
    use std::io::{ErrorKind, Write};
    while !bytes.is_empty() {
        match raw.stream.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
            Err(_) => return false,
        }
        if !raw.fill() {
            return false;
        }
    }
    true
}

fn assert_calmed((code, count): (Option<u32>, u32), at_most: u32) {
    // A client that has been reset while it sent may not have seen the GOAWAY.
    assert!(matches!(code, None | Some(code::ENHANCE_YOUR_CALM)), "{code:x?}");
    assert!(count <= at_most, "{count} were taken");
}

/// Memory of this process that is in use.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse().ok()).map_or(0, |pages: usize| pages * 4096)
}

#[test]
fn pings() {
    let server = Server::start();
    let mut raw = server.connect();
    assert_calmed(flood(&server, &mut raw, |_| frame(kind::PING, 0, 0, b"12345678")), 100_000);
}

#[test]
fn settings_over_and_over() {
    let server = Server::start();
    let mut raw = server.connect();
    assert_calmed(flood(&server, &mut raw, |at| settings(&[(4, at)])), 100_000);
}

#[test]
fn priorities() {
    let server = Server::start();
    let mut raw = server.connect();
    assert_calmed(flood(&server, &mut raw, |at| frame(kind::PRIORITY, 0, 2 * at + 1, &[0; 5])), 100_000);
}

#[test]
fn frames_that_nobody_knows() {
    let server = Server::start();
    let mut raw = server.connect();
    assert_calmed(flood(&server, &mut raw, |_| frame(0xEE, 0, 0, b"")), 100_000);
}

#[test]
fn data_without_data() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.send(&headers(1, 0, &POST));
    assert_calmed(flood(&server, &mut raw, |_| data(1, 0, b"")), 100_000);
}

#[test]
fn streams_that_are_reset_at_once() {
    let server = Server::start();
    let mut raw = server.connect();
    let rapid = |at: u32| {
        let stream = 2 * at + 1;
        let request = headers(stream, END, &path_of(&GET, "/silent"));
        [request, frame(kind::RST_STREAM, 0, stream, &code::CANCEL.to_be_bytes())].concat()
    };
    assert_calmed(flood(&server, &mut raw, rapid), 100_000);
    assert!(server.app.started.get() < 5000, "{} requests were started", server.app.started.get());
}

#[test]
fn streams_that_the_server_is_made_to_reset() {
    let server = Server::start();
    let mut raw = server.connect();
    let made = |at: u32| {
        let stream = 2 * at + 1;
        let request = headers(stream, 0, &path_of(&POST, "/silent"));
        [request, frame(kind::WINDOW_UPDATE, 0, stream, &0x7FFF_FFFF_u32.to_be_bytes())].concat()
    };
    assert_calmed(flood(&server, &mut raw, made), 100_000);
    assert!(server.app.started.get() < 5000, "{} requests were started", server.app.started.get());
}

#[test]
fn requests_that_are_malformed() {
    let server = Server::start();
    let mut raw = server.connect();
    let bad = |at: u32| headers(2 * at + 1, END, &with(&GET, &[("connection", "close")]));
    assert_calmed(flood(&server, &mut raw, bad), 100_000);
}

#[test]
fn a_field_block_without_an_end() {
    let server = Server::start();
    let mut raw = server.connect();
    let mut first = true;
    let before = memory();
    let pieces = |_| match std::mem::take(&mut first) {
        true => frame(kind::HEADERS, END, 1, &block(&GET)),
        false => frame(kind::CONTINUATION, 0, 1, &block(&[("x-a", "b")])),
    };
    assert_calmed(flood(&server, &mut raw, pieces), 10_000);
    assert!(memory().saturating_sub(before) < MAX_GROWTH);
}

#[test]
fn a_field_without_an_end() {
    let server = Server::start();
    let mut raw = server.connect();
    let before = memory();
    // The name is announced to be 100 MB long.
    raw.send(&frame(kind::HEADERS, END, 1, b"\x82\x00\x7f\x81\xff\xd6\x2f"));
    let code = flood(&server, &mut raw, |_| frame(kind::CONTINUATION, 0, 1, &[b'x'; 16_384]));
    assert_calmed(code, 10_000);
    assert!(memory().saturating_sub(before) < MAX_GROWTH);
}

#[test]
fn fields_that_grow_when_they_are_read() {
    let server = Server::start();
    let mut raw = server.connect();
    // One field of 4,000 bytes into the table, then 16,000 times the same out of it: 64 MB.
    let mut bomb = block(&GET);
    bomb.extend_from_slice(b"\x40\x01a\x7f\xa1\x1e");
    bomb.extend_from_slice(&[b'x'; 4000]);
    bomb.resize(16_384, 0xBE);
    let before = memory();
    raw.send(&frame(kind::HEADERS, END | flag::END_HEADERS, 1, &bomb));
    assert_eq!(raw.goaway(), Some(code::ENHANCE_YOUR_CALM));
    assert!(memory().saturating_sub(before) < MAX_GROWTH);
    server.connect().assert_serves(1);
}

/// 100 responses of 100 MB each.
fn ask_for_much(raw: &mut Raw) {
    let requests: Vec<u8> =
        (0..100).flat_map(|at| headers(2 * at + 1, END, &path_of(&GET, "/big?100000000"))).collect();
    raw.send(&requests);
}

#[test]
fn responses_that_no_window_lets_out() {
    let server = Server::start();
    let before = memory();
    let mut raw = Raw::connect_with(server.address, &[(4, 0)]);
    ask_for_much(&mut raw);
    server.app.started.wait_for(100);
    raw.ping();
    server.connect().assert_serves(1);
    let growth = memory().saturating_sub(before);
    assert!(growth < MAX_GROWTH, "{growth} bytes");
}

#[test]
fn responses_that_the_socket_does_not_let_out() {
    let server = Server::start();
    let before = memory();
    let mut raw = Raw::connect_with(server.address, &[(4, 0x7FFF_FFFF)]);
    raw.send(&frame(kind::WINDOW_UPDATE, 0, 0, &0x7000_0000_u32.to_be_bytes()));
    ask_for_much(&mut raw);
    server.app.started.wait_for(100);
    let mut other = server.connect();
    for at in 0..100 {
        other.assert_serves(2 * at + 1);
    }
    let growth = memory().saturating_sub(before);
    assert!(growth < MAX_GROWTH, "{growth} bytes");
}

#[test]
fn windows_that_open_byte_by_byte() {
    let server = Server::start();
    let mut raw = Raw::connect_with(server.address, &[(4, 1)]);
    raw.send(&headers(1, END, &path_of(&GET, "/big?2000")));
    let mut received = 0;
    while received < 2000 {
        let Frame { payload, .. } = raw.expect(kind::DATA);
        received += payload.len();
        raw.send(&frame(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]));
    }
    raw.ping();
    server.connect().assert_serves(1);
}
