//! The body of a response in its framing.

use bytes::Bytes;
use falconry_features::may_be_trailer;
use http::HeaderMap;

use super::push_field;
use crate::http1::write_buffer::WriteBuffer;

/// Frames the body of one response.
#[derive(Debug)]
pub(in crate::http1) struct BodyEncoder(Kind);

#[derive(Debug)]
enum Kind {
    /// So many bytes are still to come.
    Length(u64),
    Chunked,
    /// The end of the connection is the end of the body.
    UntilClose,
}

impl BodyEncoder {
    /// No body at all: what is written is dropped.
    pub(in crate::http1) fn none() -> Self {
        Self(Kind::Length(0))
    }

    pub(super) fn length(length: u64) -> Self {
        Self(Kind::Length(length))
    }

    pub(super) fn chunked() -> Self {
        Self(Kind::Chunked)
    }

    pub(super) fn until_close() -> Self {
        Self(Kind::UntilClose)
    }

    /// Appends a piece of the body.
    pub(in crate::http1) fn data(&mut self, out: &mut WriteBuffer, mut data: Bytes) {
        match &mut self.0 {
            Kind::Length(left) => {
                let length = usize::try_from(*left).map_or(data.len(), |left| left.min(data.len()));
                data.truncate(length);
                *left -= length as u64;
                out.push_bytes(data);
            }
            // A chunk without data would be the last one.
            Kind::Chunked if data.is_empty() => {}
            Kind::Chunked => {
                out.write(|out| push_chunk_size(out, data.len()));
                out.push_bytes(data);
                out.push(b"\r\n");
            }
            Kind::UntilClose => out.push_bytes(data),
        }
    }

    /// Appends the end of the body; false if the body is shorter than its head says.
    pub(in crate::http1) fn end(self, out: &mut WriteBuffer, trailers: Option<&HeaderMap>) -> bool {
        match self.0 {
            Kind::Length(left) => left == 0,
            Kind::UntilClose => true,
            Kind::Chunked => {
                out.write(|out| {
                    out.extend_from_slice(b"0\r\n");
                    for (name, value) in trailers.into_iter().flatten() {
                        if may_be_trailer(name) {
                            push_field(out, name, value);
                        }
                    }
                    out.extend_from_slice(b"\r\n");
                });
                true
            }
        }
    }
}

fn push_chunk_size(out: &mut Vec<u8>, mut size: usize) {
    let mut digits = [0; 16];
    let mut at = digits.len();
    while size > 0 && at > 0 {
        at -= 1;
        digits[at] = b"0123456789ABCDEF"[size & 15];
        size >>= 4;
    }
    out.extend_from_slice(&digits[at..]);
    out.extend_from_slice(b"\r\n");
}
