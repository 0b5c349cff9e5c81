//! What RFC 9114 and RFC 9204 demand of a server, frame by frame.
#![cfg(feature = "http3")]

mod fields;
mod frames;
mod messages;
#[path = "../support/h3/mod.rs"]
mod support;

use support::{
    Server,
    raw::{Outcome, code, headers},
};

const MALFORMED: Outcome = Outcome::Reset(code::MESSAGE_ERROR);

/// Requests with these fields, each of which must end so without harm to the connection.
async fn check(cases: &[(&str, Vec<(&str, &str)>, Outcome)]) {
    let server = Server::start().await;
    let raw = server.raw().await;
    for (name, fields, expected) in cases {
        assert_eq!(&raw.outcome(&headers(fields)).await, expected, "{name}");
    }
    raw.assert_serves().await;
}

/// Requests each of which must end the connection with a code.
async fn check_closed(cases: &[(&str, Vec<u8>, u64)]) {
    let server = Server::start().await;
    for (name, bytes, code) in cases {
        let raw = server.raw().await;
        assert_eq!(raw.outcome_without_end(bytes).await, Outcome::Closed(*code), "{name}");
    }
    server.raw().await.assert_serves().await;
}

fn plus<'a>(fields: &[(&'a str, &'a str)], name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    [fields, &[(name, value)]].concat()
}
