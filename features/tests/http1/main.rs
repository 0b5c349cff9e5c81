//! HTTP/1.1 for servers of one's own.

mod connection;
mod cuts;
mod outcome;
mod requests;
mod responses;
#[path = "../support/mod.rs"]
mod support;
