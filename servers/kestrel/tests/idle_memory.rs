//! What a connection keeps in memory while it does nothing.

#[path = "support/hello.rs"]
mod hello;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use falconry_features::{Deadline, Server};
use falconry_kestrel::KestrelServer;
use hello::{BODY, REQUEST};
use tokio::{runtime::Runtime, sync::oneshot};

const CONNECTIONS: usize = 200;

/// What a connection that has served requests and rests may keep, in bytes of the heap.
const OF_A_USED_ONE: i64 = 4800;

/// The same for one that has not sent anything.
const OF_A_NEW_ONE: i64 = 2400;

/// What the features of a request need at least.
const OF_AN_EXCHANGE: i64 = 3000;

#[test]
fn a_connection_that_has_served_requests_and_rests_keeps_little() {
    let kept = kept_by_each(|client| {
        for _ in 0..3 {
            request(client);
        }
    });
    assert!(kept.at_rest <= OF_A_USED_ONE, "{kept:?}");
}

#[test]
fn a_connection_without_a_request_keeps_less() {
    let kept = kept_by_each(|_| {});
    assert!(kept.at_rest <= OF_A_NEW_ONE, "{kept:?}");
}

#[test]
fn a_connection_that_rests_gives_back_what_its_streams_had() {
    let kept = kept_by_each(|client| {
        client.write_all(PREFACE).unwrap();
        streams(client, 1, 64);
    });
    // h2 keeps its own tables, which are not ours to give back.
    let given_back = kept.at_work - kept.at_rest;
    assert!(given_back >= OF_AN_EXCHANGE, "only {given_back} bytes of {kept:?}");
}

#[test]
fn a_connection_that_has_rested_serves_as_before() {
    let (runtime, server, address) = serve();
    let connect = || TcpStream::connect(address).unwrap();
    let (mut one, mut two) = (connect(), connect());
    two.write_all(PREFACE).unwrap();
    for round in 0..3 {
        (one, two) = runtime.block_on(on_thread(move || {
            request(&mut one);
            streams(&mut two, 1 + 4 * round, 2);
            (one, two)
        }));
        runtime.block_on(rest());
    }
    drop((one, two));
    runtime.block_on(server.stop(Deadline::never())).unwrap();
}

/// Bytes of the heap for each connection.
#[derive(Debug)]
struct Kept {
    at_work: i64,
    at_rest: i64,
}

/// What each of many connections keeps with which a client has done what `uses` does.
fn kept_by_each(uses: impl Fn(&mut TcpStream) + Send + Copy + 'static) -> Kept {
    let (runtime, server, address) = serve();
    let hold = move |count: usize| {
        let open = move |_| {
            let mut client = TcpStream::connect(address).unwrap();
            uses(&mut client);
            client
        };
        on_thread(move || (0..count).map(open).collect::<Vec<_>>())
    };
    // What the first connections need once is not theirs.
    let warm_up = runtime.block_on(hold(20));
    runtime.block_on(rest());
    let mut clients = Vec::new();
    let at_work = measure(|| clients = runtime.block_on(hold(CONNECTIONS)));
    let change = measure(|| runtime.block_on(rest()));
    drop((warm_up, clients));
    runtime.block_on(server.stop(Deadline::never())).unwrap();
    Kept { at_work, at_rest: at_work + change }
}

/// What `work` leaves allocated for each connection.
fn measure(work: impl FnOnce()) -> i64 {
    allocation_counter::measure(work).bytes_current / CONNECTIONS as i64
}

/// Lets more time pass than a connection needs to come to rest.
async fn rest() {
    // What has arrived is seen to first.
    turns().await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(5)).await;
    turns().await;
    tokio::time::resume();
}

/// Gives every task its turn, and the system, too.
async fn turns() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

/// What `work` gives, which blocks a thread of its own.
async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, done) = oneshot::channel();
    std::thread::spawn(move || drop(sender.send(work())));
    done.await.unwrap()
}

fn request(client: &mut TcpStream) {
    client.write_all(REQUEST).unwrap();
    read_bodies(client, 1);
}

fn read_bodies(client: &mut TcpStream, count: usize) {
    let mut received = Vec::new();
    let mut buffer = [0; 1024];
    while received.windows(BODY.len()).filter(|part| *part == BODY).count() < count {
        let count = client.read(&mut buffer).unwrap();
        assert!(count > 0, "the server has closed the connection");
        received.extend_from_slice(&buffer[..count]);
    }
}

/// The preface of HTTP/2 and empty SETTINGS.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// Sends so many requests of HTTP/2 together, the first on the stream `first`, and reads their answers.
fn streams(client: &mut TcpStream, first: u32, count: u32) {
    const FIELDS: &[u8] = b"\x82\x86\x04\x0b/path?query\x01\x09localhost";
    for stream in (first..).step_by(2).take(count as usize) {
        client.write_all(&[0, 0, FIELDS.len() as u8, 1, 5]).unwrap();
        client.write_all(&stream.to_be_bytes()).unwrap();
        client.write_all(FIELDS).unwrap();
    }
    read_bodies(client, count as usize);
}

fn serve() -> (Runtime, KestrelServer, SocketAddr) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (server, address) = runtime.block_on(hello::start());
    (runtime, server, address)
}
