//! HTTP/3 (RFC 9114), on quinn and the h3 crate.
//!
//! h3 reads frames and decodes fields; what it does not refuse, the inspectors between it and quinn do. 0-RTT is off,
//! so a request cannot be replayed. There is no server push and no datagram.

mod body;
mod carrier;
mod connection;
#[cfg(test)]
mod exercise;
mod inspect;
mod listener;
mod pump;
mod request;
mod run;
mod streams;
mod transport;
mod tunnel;
mod web_transport;

use bytes::Bytes;
use h3::{error::Code, server::RequestStream};

pub(crate) use self::listener::{Quic, QuicListener};

/// The two directions of a request's stream.
type SendHalf = RequestStream<carrier::Outgoing, Bytes>;
type ReceiveHalf = RequestStream<carrier::Incoming, Bytes>;

/// The code for a reason that the rest of the server gives. An abort has no number of its own there.
fn code(reason: h2::Reason) -> Code {
    match reason {
        h2::Reason::INTERNAL_ERROR => Code::H3_INTERNAL_ERROR,
        other => Code::from(u64::from(u32::from(other))),
    }
}
