//! Proxies that tell who their client is.

use std::{
    io::{Read, Write},
    net::SocketAddr,
    time::Duration,
};

use falconry_kestrel::{KestrelServerOptions, ListenOptions, ProxyProtocolOptions};

use crate::support::{Running, connect};

const CLIENT: &str = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n";

async fn start(configure: impl FnOnce(&mut ListenOptions)) -> Running {
    let mut options = KestrelServerOptions::default();
    options.listen_with(([127, 0, 0, 1], 0).into(), configure);
    Running::start(options).await
}

fn trusting(network: &str) -> ProxyProtocolOptions {
    ProxyProtocolOptions::trusting([network]).unwrap()
}

/// Sends this and reads all that comes.
fn exchange(address: SocketAddr, data: &[u8]) -> String {
    tokio::task::block_in_place(|| {
        let mut stream = connect(address);
        stream.write_all(data).unwrap();
        let mut answer = Vec::new();
        // A connection that is ended with bytes unread is reset.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    })
}

fn info(address: SocketAddr, header: &[u8]) -> String {
    exchange(address, &[header, b"GET /info HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_proxy_tells_the_addresses_of_its_client() {
    let server = start(|endpoint| {
        endpoint.use_proxy_protocol(trusting("127.0.0.0/8"));
    })
    .await;
    let answer = info(server.address(), CLIENT.as_bytes());
    assert!(answer.contains("192.0.2.1:56324") && answer.contains("198.51.100.2:443"), "{answer}");
    let version_2 =
        [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"[..], &[192, 0, 2, 9, 198, 51, 100, 2, 0x10, 0, 1, 0xbb]];
    let answer = info(server.address(), &version_2.concat());
    assert!(answer.contains("192.0.2.9:4096"), "{answer}");
    let answer = info(server.address(), b"PROXY UNKNOWN\r\n");
    assert!(answer.contains("\"127.0.0.1:"), "{answer}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_can_pretend_to_be_a_client() {
    let server = start(|endpoint| {
        endpoint.use_proxy_protocol(trusting("10.0.0.0/8"));
    })
    .await;
    let answer = info(server.address(), CLIENT.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    // Without a header it is served as it is.
    let answer = info(server.address(), b"");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"127.0.0.1:"), "{answer}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_proxy_that_sends_no_header_gets_no_answer() {
    let server = start(|endpoint| {
        endpoint.use_proxy_protocol(trusting("127.0.0.1"));
    })
    .await;
    assert_eq!(info(server.address(), b""), "");
    assert_eq!(info(server.address(), b"PROXY TCP4 nonsense\r\n"), "");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_that_takes_too_long_ends_the_connection() {
    let server = start(|endpoint| {
        endpoint.use_proxy_protocol(trusting("127.0.0.1").with_timeout(Duration::from_millis(50)));
    })
    .await;
    assert_eq!(exchange(server.address(), b"PROXY TCP4 192.0.2.1"), "");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_that_does_not_come_does_not_hold_the_stop_up() {
    let server = start(|endpoint| {
        endpoint.use_proxy_protocol(trusting("127.0.0.1").with_timeout(None));
    })
    .await;
    let mut stream = connect(server.address());
    stream.write_all(b"PROXY").unwrap();
    // What comes later is answered: the first has been accepted.
    assert!(info(server.address(), CLIENT.as_bytes()).contains("192.0.2.1"));
    let stopped = tokio::time::timeout(Duration::from_secs(3), server.stop()).await;
    assert!(stopped.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_connect_to_a_unix_socket_is_trusted() {
    let path = std::env::temp_dir().join(format!("falconry-proxy-{}.sock", std::process::id()));
    let mut options = KestrelServerOptions::default();
    let endpoint = options.listen_unix_socket_with(&path, |endpoint| {
        endpoint.use_proxy_protocol(ProxyProtocolOptions::trusting([]).unwrap());
    });
    endpoint.unwrap();
    let server = Running::start(options).await;
    let mut stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
    let request = b"GET /info HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(&[CLIENT.as_bytes(), request].concat()).unwrap();
    let mut answer = String::new();
    tokio::task::block_in_place(|| stream.read_to_string(&mut answer)).unwrap();
    assert!(answer.contains("192.0.2.1:56324"), "{answer}");
    server.stop().await;
}
