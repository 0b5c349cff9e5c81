//! What the contract app does in the worker beyond the suite: full duplex, many at once, large bodies.

mod support;

use std::{
    io::{Read as _, Write as _},
    time::Instant,
};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::{client_async, tungstenite::Message};

use self::support::{PATIENCE, Worker};

#[test]
fn a_web_socket_echoes_in_both_directions() {
    let Some(worker) = Worker::start("a_web_socket_echoes_in_both_directions") else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(worker.authority()).await.unwrap();
        let url = format!("ws://{}/ws", worker.authority());
        let (mut socket, response) = client_async(url, stream).await.unwrap();
        assert_eq!(response.status(), 101);
        for size in [0, 1, 125, 70_000, 1_000_000] {
            let message = Message::binary(vec![7; size]);
            socket.send(message.clone()).await.unwrap();
            assert_eq!(socket.next().await.unwrap().unwrap(), message);
        }
        // Both ways at once: everything is sent before anything is read.
        for number in 0..50 {
            socket.feed(Message::text(format!("message {number}"))).await.unwrap();
        }
        socket.flush().await.unwrap();
        for number in 0..50 {
            assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(format!("message {number}")));
        }
        socket.close(None).await.unwrap();
        while socket.next().await.is_some_and(|message| message.is_ok()) {}
    });
    worker.end();
}

#[test]
fn a_body_larger_than_every_buffer_comes_back_whole() {
    let Some(worker) = Worker::start("a_body_larger_than_every_buffer_comes_back_whole") else { return };
    let body: Vec<u8> = (0..4_000_000_u32).map(|at| (at % 251) as u8).collect();
    let mut stream = worker.connect();
    let mut reader = stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let head = format!(
                "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&body).unwrap();
        });
        let mut answer = Vec::new();
        reader.read_to_end(&mut answer).unwrap();
        let text = String::from_utf8_lossy(&answer[..200]);
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        assert!(answer.len() > body.len());
    });
    worker.end();
}

#[test]
fn parked_requests_do_not_keep_others_waiting() {
    let Some(worker) = Worker::start("parked_requests_do_not_keep_others_waiting") else { return };
    let parked: Vec<_> = (0..100).map(|_| worker.send("GET /wait?ms=600000")).collect();
    assert!(worker.ask("/").ends_with("Hello World!"));
    // Their clients leave, and the application hears of each.
    drop(parked);
    let start = Instant::now();
    while !worker.ask("/info").contains("\"aborted\":100") {
        assert!(start.elapsed() < PATIENCE, "not every client's leaving was noticed");
    }
    worker.end();
}

#[test]
fn a_failure_of_the_application_leaves_the_worker_alive() {
    let Some(worker) = Worker::start("a_failure_of_the_application_leaves_the_worker_alive") else { return };
    assert!(worker.ask("/throw").starts_with("HTTP/1.1 500"));
    assert_eq!(worker.ask("/abort"), "");
    assert!(worker.ask("/").ends_with("Hello World!"));
    worker.end();
}
