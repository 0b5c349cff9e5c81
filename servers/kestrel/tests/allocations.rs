//! What a request costs in memory: nothing for features, once a connection has made them.

#[path = "support/hello.rs"]
mod hello;

use falconry_features::{Deadline, Server};
use hello::{BODY, REQUEST, start};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
};

/// Allocations of one request: the box of the application's future, and the list in which the client of this test
/// waits for the server's turn.
const PER_REQUEST: u64 = 2;

#[test]
fn after_the_first_requests_of_a_connection_no_feature_is_allocated() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (server, address) = runtime.block_on(start());
    let mut client = runtime.block_on(TcpStream::connect(address)).unwrap();
    let warm_up: Vec<_> = (0..100).map(|_| allocations(&runtime, &mut client)).collect();
    let counts: Vec<_> = (0..100).map(|_| allocations(&runtime, &mut client)).collect();
    assert_eq!(counts, vec![PER_REQUEST; 100], "warm-up: {warm_up:?}");
    drop(client);
    runtime.block_on(server.stop(Deadline::never())).unwrap();
}

/// Counts the allocations of this thread, on which client and server run, during one request.
fn allocations(runtime: &Runtime, client: &mut TcpStream) -> u64 {
    allocation_counter::measure(|| runtime.block_on(request(client))).count_total
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
