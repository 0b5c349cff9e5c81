//! Looks at everything a client sends before the h3 crate does, and lets only pass what is in order.
//!
//! h3 takes most of what RFC 9114 section 4 calls malformed, does not compare a body with its Content-Length, reads
//! field sections of any length, and looks neither at QPACK's streams nor at the numbers of pushes. The inspectors
//! know the frames of every stream and the compression of fields; what has passed them h3 can take as it is.

mod control;
mod fields;
mod frame;
mod huffman;
mod qpack;
mod request;
mod table;
#[cfg(test)]
mod tests;

use h3::error::Code;

pub(super) use self::{
    control::ControlInspector,
    frame::{read_varint, write_varint},
    qpack::{check_decoder_stream, check_encoder_stream},
    request::{RequestHead, RequestInspector, check_session},
};

/// What a client did wrong, and what it costs (section 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The stream is reset.
    Stream(Code, &'static str),
    /// The connection ends.
    Connection(Code, &'static str),
}
