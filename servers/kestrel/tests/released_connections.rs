//! Connections that the limit on connections does not count any more.
#![cfg(feature = "aws-lc-rs")]

mod support;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use falconry_kestrel::KestrelServerOptions;
use support::TestServer;

/// Long enough for a busy machine; a test that needs it has failed.
const PATIENCE: Duration = Duration::from_secs(60);

async fn start(limit: Option<usize>) -> TestServer {
    let mut options = KestrelServerOptions::default();
    if let Some(limit) = limit {
        options.limits.set_max_concurrent_connections(limit).unwrap();
    }
    options.listen(([127, 0, 0, 1], 0).into());
    TestServer::start_options(options).await.unwrap()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The status line of an answer; `None` if the server has closed the connection.
fn get(stream: &mut TcpStream, path: &str) -> Option<String> {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    let is_whole = |answer: &[u8]| {
        let is_error = answer.starts_with(b"HTTP/1.1 500");
        answer.ends_with(if is_error { &b"\r\n\r\n"[..] } else { b"Hello World!" })
    };
    while !is_whole(&answer) {
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        answer.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8(answer).unwrap().lines().next().map(str::to_owned)
}

/// What `attempt` gives at last.
fn until<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        match attempt() {
            Some(result) => return result,
            None => assert!(start.elapsed() < PATIENCE, "it does not happen"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_released_makes_room_for_one_more_until_it_ends() {
    let server = start(Some(1)).await;
    let address = server.address;
    let talked = tokio::task::spawn_blocking(move || {
        for round in 0..5 {
            // The server takes a moment to see that those of the last round have gone.
            let mut released = until(|| {
                let mut stream = connect(address);
                get(&mut stream, "/release").map(|_| stream)
            });
            // However often it asks.
            assert!(get(&mut released, "/release").is_some(), "round {round}");
            let mut counted = connect(address);
            assert!(get(&mut counted, "/").is_some(), "round {round}: the released one counts");
            assert_eq!(get(&mut connect(address), "/"), None, "round {round}: there is no limit");
            assert!(get(&mut released, "/").is_some(), "round {round}: it is still served");
            for mut stream in [counted, released] {
                stream.shutdown(std::net::Shutdown::Write).unwrap();
                assert_eq!(stream.read(&mut [0]).unwrap(), 0);
            }
        }
    });
    talked.await.unwrap();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_limit_there_is_nothing_to_be_released_from() {
    let server = start(None).await;
    let address = server.address;
    let answer = tokio::task::spawn_blocking(move || get(&mut connect(address), "/release")).await.unwrap();
    assert_eq!(answer.as_deref(), Some("HTTP/1.1 500 Internal Server Error"));
    server.stop().await;
}
