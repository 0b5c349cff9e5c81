//! What a request costs in memory: nothing for features, once a connection has made them.

#[path = "support/allocations.rs"]
mod allocations;
#[path = "support/hello.rs"]
mod hello;

use allocations::per_request;
use falconry_features::{Deadline, Server};
use hello::start;

/// Allocations of one request: the box of the application's future, and the list in which the client of this test
/// waits for the server's turn.
const PER_REQUEST: u64 = 2;

#[test]
fn after_the_first_requests_of_a_connection_no_feature_is_allocated() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (server, address) = runtime.block_on(start());
    assert_eq!(per_request(&runtime, address), PER_REQUEST);
    runtime.block_on(server.stop(Deadline::never())).unwrap();
}
