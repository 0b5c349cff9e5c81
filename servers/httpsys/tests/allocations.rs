//! What an ordinary request of the portable driver costs in memory: as much as on the connection alone.

#[path = "../../kestrel/tests/support/allocations.rs"]
mod allocations;
#[path = "../../kestrel/tests/support/hello.rs"]
mod hello;

use std::{net::SocketAddr, sync::Arc};

use allocations::per_request;
use falconry_features::{Deadline, Server};
use falconry_httpsys::{HttpSysOptions, HttpSysServer, PortableDriver};
use hello::{App, start};

#[test]
fn an_ordinary_request_allocates_as_much_as_on_kestrel() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (kestrel, address) = runtime.block_on(start());
    let of_kestrel = per_request(&runtime, address);
    let (server, address) = runtime.block_on(start_portable());
    assert_eq!(per_request(&runtime, address), of_kestrel);
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
