//! How long clients are waited for.

use std::time::Duration;

use falconry::{HttpContext, Result};
use falconry_httpsys::TimeoutOptions;

use crate::{
    prefixes::Named,
    support::{Client, Site},
};

async fn read(ctx: &mut HttpContext) -> Result {
    while ctx.request_mut().read().await?.is_some() {}
    ctx.response_mut().write("read").await
}

#[test]
fn a_body_that_does_not_come_ends_the_connection() {
    let site = Site::new();
    let server = site.serve(
        &["http://127.0.0.1:0/"],
        |options| {
            options.timeouts.set_entity_body(Duration::from_secs(1)).expect("a time");
        },
        read,
    );
    let mut client = Client::connect(server.address());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    assert!(client.is_ended());
}

#[test]
fn an_idle_connection_ends_and_the_time_can_be_changed_while_the_server_runs() {
    let site = Site::new();
    let server = site.serve(&["http://127.0.0.1:0/"], |_| {}, Named("app"));
    let mut timeouts = TimeoutOptions::default();
    timeouts.set_idle_connection(Duration::from_secs(1)).expect("a time");
    server.wait(server.server.set_timeouts(timeouts)).expect("it can be changed");
    let mut client = Client::connect(server.address());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.receive().expect("an answer").status, 200);
    assert!(client.is_ended(), "nothing was sent for a second");
}
