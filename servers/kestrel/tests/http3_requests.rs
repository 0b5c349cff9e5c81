//! Requests over HTTP/3, from a client on the h3 crate.
#![cfg(feature = "http3")]

#[path = "support/h3/mod.rs"]
mod support;

use support::Server;

#[tokio::test]
async fn a_request_is_answered() {
    let server = Server::start().await;
    let answer = server.client().await.get("/").await;
    assert_eq!((answer.status(), answer.text()), (200, "Hello World!"));
    assert_eq!(answer.field("server"), Some("Kestrel"));
    assert_eq!(answer.field("content-length"), Some("12"));
    assert!(answer.field("date").is_some());
}
