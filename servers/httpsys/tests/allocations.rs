//! What an ordinary request of the portable driver costs in memory: as much as on the connection alone.

#[path = "../../kestrel/tests/support/hello.rs"]
mod hello;

use std::{net::SocketAddr, sync::Arc};

use falconry_features::{Deadline, Server};
use falconry_httpsys::{HttpSysOptions, HttpSysServer, PortableDriver};
use hello::{App, BODY, REQUEST, start};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
};

#[test]
fn an_ordinary_request_allocates_as_much_as_on_kestrel() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (kestrel, address) = runtime.block_on(start());
    let of_kestrel = counts(&runtime, address);
    let (server, address) = runtime.block_on(start_portable());
    assert_eq!(counts(&runtime, address), of_kestrel);
    runtime.block_on(server.stop(Deadline::never())).unwrap();
    runtime.block_on(kestrel.stop(Deadline::never())).unwrap();
}

async fn start_portable() -> (HttpSysServer, SocketAddr) {
    let mut options = HttpSysOptions::default();
    options.add_prefix("http://localhost:0/").unwrap();
    let server = HttpSysServer::with_driver(options, PortableDriver::new());
    server.start(Arc::new(App)).await.unwrap();
    let port = server.prefixes().await[0].port();
    (server, ([127, 0, 0, 1], port).into())
}

/// The allocations of each of some requests on a connection that has had others.
fn counts(runtime: &Runtime, address: SocketAddr) -> Vec<u64> {
    let mut client = runtime.block_on(TcpStream::connect(address)).unwrap();
    let mut count = || allocation_counter::measure(|| runtime.block_on(request(&mut client))).count_total;
    for _ in 0..100 {
        count();
    }
    (0..100).map(|_| count()).collect()
}

async fn request(client: &mut TcpStream) {
    client.write_all(REQUEST).await.unwrap();
    let mut buffer = [0; 1024];
    let mut length = 0;
    while !buffer[..length].ends_with(BODY) {
        length += client.read(&mut buffer[length..]).await.unwrap();
    }
    // What comes after the answer belongs to the request, too: the server makes ready for the next.
    tokio::task::yield_now().await;
}
