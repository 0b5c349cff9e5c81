//! Where Kestrel listens.

use std::{io::Write, os::unix::net::UnixStream};

use falconry_kestrel::KestrelServerOptions;

use crate::support::{Running, connect, get};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn localhost_answers_on_both_loopback_addresses() {
    let port = free_port();
    let mut options = KestrelServerOptions::default();
    options.listen_localhost(port);
    let server = Running::start(options).await;
    assert_eq!(server.addresses, [format!("http://localhost:{port}")]);
    for address in [format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
        let mut stream = connect(address.parse().unwrap());
        assert!(get(&mut stream).is_some(), "{address}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_address_answers_both_families() {
    let mut options = KestrelServerOptions::default();
    options.listen_any_ip(0);
    let server = Running::start(options).await;
    let port = server.address().port();
    for address in [format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
        let mut stream = connect(address.parse().unwrap());
        assert!(get(&mut stream).is_some(), "{address}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unix_socket_serves_and_its_file_goes_with_the_server() {
    let path = std::env::temp_dir().join(format!("falconry-test-{}.sock", std::process::id()));
    let mut options = KestrelServerOptions::default();
    options.listen_unix_socket(&path).unwrap();
    let server = Running::start(options).await;
    assert_eq!(server.addresses, [format!("http://unix:{}", path.display())]);
    let mut stream = UnixStream::connect(&path).unwrap();
    assert!(get(&mut stream).is_some());
    stream.flush().unwrap();
    drop(stream);
    server.stop().await;
    assert!(!path.exists(), "the file of the socket is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_sockets_accept_on_one_address() {
    let mut options = KestrelServerOptions::default();
    options.transport.accept_sockets = 4;
    // An address of its own: nobody else takes the port as soon as it is free.
    options.listen_any_ip(0).listen(([127, 45, 67, 89], 0).into());
    let server = Running::start(options).await;
    assert_eq!(server.addresses.len(), 2);
    let listening = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let port: std::net::SocketAddr = server.addresses[1].trim_start_matches("http://").parse().unwrap();
    let here = format!("59432D7F:{:04X} 00000000:0000 0A", port.port());
    assert_eq!(listening.matches(&here).count(), 4, "{listening}");
    // Whichever socket a connection comes to, it is served.
    for _ in 0..32 {
        let mut stream = connect(port);
        assert!(get(&mut stream).is_some());
    }
    server.stop().await;
    assert!(std::net::TcpStream::connect(port).is_err());
}

#[tokio::test]
async fn an_address_in_use_is_an_error_that_names_it() {
    use falconry::{HostingApplication, Server};
    use falconry_kestrel::KestrelServer;

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut options = KestrelServerOptions::default();
    options.listen(address);
    let application = HostingApplication::new(falconry_conformance::contract::app());
    let error = KestrelServer::new(options).start(std::sync::Arc::new(application)).await.unwrap_err();
    assert!(error.is_address_in_use());
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
