//! HTTP/2 (RFC 9113), on the h2 crate.
//!
//! h2 and not hyper's server on top of it: hyper hides the identifier of a stream, interim responses,
//! the reason of a reset and the size of the header table, and gives every request a task of its own.

mod body;
mod connection;
#[cfg(test)]
mod exercise;
mod flushes;
mod guard;
mod handshake;
mod inspect;
mod io;
mod keep_alive;
mod link;
mod pump;
mod request;
mod response;
mod sniff;
mod stream;
mod tasks;
mod tunnel;

pub(crate) use self::{connection::serve, flushes::Flushes, link::StreamLink, sniff::serve_clear};
#[cfg(feature = "http3")]
pub(crate) use self::{
    request::{Refusal, prepare},
    response::{into_head, refusal, remove_connection_fields},
};
