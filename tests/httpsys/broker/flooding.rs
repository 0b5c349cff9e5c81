//! Processes that ask for more than they take: what a broker keeps for them is bounded.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use super::raw::{CALL, RECEIVE, REQUEST, RESPONSE, Site, frame, response};
use crate::support::{LIMIT, free_port};

#[test]
fn what_a_process_asks_for_and_does_not_read_waits_with_the_process() {
    let site = Site::new("neverreads");
    let mut raw = site.attach();
    let before = site.megabytes();
    raw.stream.set_write_timeout(Some(Duration::from_secs(2))).expect("a timeout");
    let call = frame(CALL, 1, b"{");
    let calls = call.repeat(1000);
    let mut written = 0;
    let until = Instant::now() + LIMIT;
    // Until the broker reads no more.
    while raw.try_send(&calls) {
        written += calls.len();
        assert!(written < 64 << 20 && Instant::now() < until, "the broker reads {written} bytes for nobody");
    }
    site.check();
    if let (Some(before), Some(now)) = (before, site.megabytes()) {
        assert!(now < before + 30, "{before} MB have become {now} MB");
    }
}

#[test]
fn requests_for_a_process_that_does_not_read_wait_in_their_queue() {
    let site = Site::new("unread");
    let mut raw = site.attach();
    let address: SocketAddr = ([127, 0, 0, 1], free_port()).into();
    raw.register(&format!("http://{address}/"));
    assert!(raw.call(r#"{"SetQueue":{"queue":1,"property":{"Length":10}}}"#).contains(r#""code":0"#));
    assert!(raw.call(r#"{"SetQueue":{"queue":1,"property":{"Verbosity503":1}}}"#).contains(r#""code":0"#));
    for _ in 0..1000 {
        raw.send(RECEIVE, 1, b"");
    }
    // Five megabytes of requests: neither the socket nor the broker takes so much at once.
    let request = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "a".repeat(25_000));
    let mut clients: Vec<_> = (0..200)
        .map(|_| {
            let mut client = TcpStream::connect(address).expect("a connection");
            client.write_all(request.as_bytes()).expect("it is sent");
            client.set_nonblocking(true).expect("a mode");
            client
        })
        .collect();
    let until = Instant::now() + LIMIT;
    let mut refused = 0;
    while refused < 50 {
        clients.retain_mut(|client| {
            client.read(&mut [0; 4096]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
        });
        refused = 200 - clients.len();
        assert!(Instant::now() < until, "{refused} requests were refused");
        std::thread::yield_now();
    }
    site.check();
    // What has been taken is all there, once somebody reads it.
    for _ in 0..10 {
        let (_, content) = raw.next(REQUEST);
        assert!(content.len() > 25_000);
    }
}

#[test]
fn a_hundred_thousand_receives_cost_nothing() {
    let site = Site::new("receives");
    let mut raw = site.attach();
    let address: SocketAddr = ([127, 0, 0, 1], free_port()).into();
    raw.register(&format!("http://{address}/"));
    let before = site.megabytes();
    let receives = frame(RECEIVE, 1, b"").repeat(1000);
    for _ in 0..100 {
        assert!(raw.try_send(&receives));
    }
    // Everything before it has been read.
    raw.call(r#"{"CloseQueue":{"queue":9}}"#);
    if let (Some(before), Some(now)) = (before, site.megabytes()) {
        assert!(now < before + 20, "{before} MB have become {now} MB");
    }
    let mut client = TcpStream::connect(address).expect("a connection");
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").expect("it is sent");
    let (number, _) = raw.next(REQUEST);
    raw.send(RESPONSE, number, &response(200, &[0; 4], b"served"));
    let mut answer = [0; 15];
    client.set_read_timeout(Some(LIMIT)).expect("a timeout");
    client.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    site.check();
}
