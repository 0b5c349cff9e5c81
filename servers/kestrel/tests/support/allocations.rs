//! How often a request allocates, on a connection that has had others.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
};

use crate::hello::{BODY, REQUEST};

const REQUESTS: usize = 100;
/// Requests that may have more than the others: with the end of a second comes a new `Date`, and the clock of the runtime
/// has work of its own now and then.
const EXCEPTIONS: usize = 5;

/// The allocations of this thread, on which client and server run, during one request.
pub(crate) fn per_request(runtime: &Runtime, address: SocketAddr) -> u64 {
    let mut client = runtime.block_on(TcpStream::connect(address)).unwrap();
    let mut count = || allocation_counter::measure(|| runtime.block_on(request(&mut client))).count_total;
    let warm_up: Vec<_> = (0..REQUESTS).map(|_| count()).collect();
    let counts: Vec<_> = (0..REQUESTS).map(|_| count()).collect();
    let least = counts.iter().copied().min().unwrap();
    let exceptions = counts.iter().filter(|&&count| count != least).count();
    assert!(exceptions <= EXCEPTIONS, "{counts:?} after {warm_up:?}");
    least
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
