//! Limits of connections hold, and what ends makes room.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
};

use falconry_kestrel::KestrelServerOptions;

use crate::support::{Running, connect, get};

const HANDSHAKE: &[u8] =
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// The status line of the answer to a handshake, and the connection.
fn upgrade(address: SocketAddr) -> (String, TcpStream) {
    let mut stream = connect(address);
    stream.write_all(HANDSHAKE).unwrap();
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count > 0) {
        answer.push(byte[0]);
    }
    let answer = String::from_utf8(answer).unwrap();
    (answer.lines().next().unwrap_or_default().to_owned(), stream)
}

/// Ends a connection and waits until the server has ended it, too.
fn leave(mut stream: TcpStream) {
    stream.shutdown(Shutdown::Write).unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upgrades_over_their_limit_fail_and_each_that_ends_makes_room() {
    let mut options = KestrelServerOptions::default();
    options.limits.set_max_concurrent_upgraded_connections(2);
    let server = Running::start(options).await;
    let address = server.address();
    tokio::task::block_in_place(|| {
        for _ in 0..5 {
            let (first, one) = upgrade(address);
            let (second, two) = upgrade(address);
            assert_eq!((first.as_str(), second.as_str()), ("HTTP/1.1 101 Switching Protocols", &*first));
            let (third, three) = upgrade(address);
            assert_eq!(third, "HTTP/1.1 500 Internal Server Error");
            [one, two, three].into_iter().for_each(leave);
        }
    });
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_over_the_limit_are_closed_and_upgraded_ones_do_not_count() {
    let mut options = KestrelServerOptions::default();
    options.limits.set_max_concurrent_connections(1).unwrap();
    let server = Running::start(options).await;
    let address = server.address();
    tokio::task::block_in_place(|| {
        let (_, upgraded) = upgrade(address);
        let mut plain = connect(address);
        assert!(get(&mut plain).is_some(), "the upgraded connection counts");
        assert!(get(&mut connect(address)).is_none(), "there was no limit");
        assert!(get(&mut plain).is_some(), "the one that was there is gone");
        leave(upgraded);
    });
    server.stop().await;
}
