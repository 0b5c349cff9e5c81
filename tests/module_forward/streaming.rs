//! Bodies in pieces through the module.

use std::io::{Read, Write};

use falconry_kestrel::KestrelServerOptions;
use sha2::{Digest, Sha256};

use crate::support::{Running, connect};

pub(crate) fn read_until(stream: &mut impl Read, end: &str) -> String {
    let mut text = Vec::new();
    while !text.ends_with(end.as_bytes()) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap_or_else(|error| {
            panic!("{error} after {:?}", String::from_utf8_lossy(&text));
        });
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_arrive_one_by_one_in_both_directions() {
    let running = Running::start(KestrelServerOptions::default()).await;
    let mut stream = connect(running.address());
    write!(stream, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    for number in 0..50 {
        let piece = format!("piece {number};");
        write!(stream, "{:x}\r\n{piece}\r\n", piece.len()).unwrap();
        // Nothing more is sent before it has come back.
        read_until(&mut stream, &piece);
    }
    write!(stream, "0\r\n\r\n").unwrap();
    read_until(&mut stream, "0\r\n\r\n");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_clients_at_once_share_the_connections_to_the_backend() {
    let running = Running::start(KestrelServerOptions::default()).await;
    let address = running.address();
    let clients: Vec<_> = (0..64)
        .map(|client: usize| {
            tokio::task::spawn_blocking(move || {
                let mut stream = connect(address);
                for request in 0..20 {
                    let body = format!("client {client}, request {request}");
                    let length = body.len();
                    write!(
                        stream,
                        "POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n{body}"
                    )
                    .unwrap();
                    let head = read_until(&mut stream, "\r\n\r\n");
                    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
                    let expected = format!("{length} {}", sha256(&body));
                    assert_eq!(read_until(&mut stream, &expected), expected);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    assert!((1..=64).contains(&running.module.backend().idle_connections()));
    running.stop().await;
}
