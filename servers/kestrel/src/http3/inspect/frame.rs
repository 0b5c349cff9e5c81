//! Where frames begin and how long they are (RFC 9114 section 7.1).

use bytes::{Buf, Bytes};

use crate::http3::web_transport::ENABLED;

/// A frame whose payload follows.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    /// The length of the payload.
    pub(super) len: u64,
    /// Its type and length as they were sent.
    pub(super) head: Bytes,
}

/// Section 7.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Headers,
    CancelPush,
    Settings,
    PushPromise,
    GoAway,
    MaxPushId,
    /// A frame of HTTP/2 that HTTP/3 does not have (section 7.2.8).
    OfHttp2,
    /// Not a frame: a stream of WebTransport begins so, and its session takes the place of a length.
    WebTransport,
    /// To be ignored (section 9).
    Unknown,
}

impl From<u64> for Kind {
    fn from(number: u64) -> Self {
        match number {
            0x0 => Self::Data,
            0x1 => Self::Headers,
            0x3 => Self::CancelPush,
            0x4 => Self::Settings,
            0x5 => Self::PushPromise,
            0x7 => Self::GoAway,
            0xd => Self::MaxPushId,
            0x2 | 0x6 | 0x8 | 0x9 => Self::OfHttp2,
            0x41 if ENABLED => Self::WebTransport,
            _ => Self::Unknown,
        }
    }
}

/// Two integers of variable length at most.
const MAX_HEAD: usize = 16;

/// The beginning of a frame, gathered from however many pieces.
#[derive(Debug, Default)]
pub(super) struct FrameHead {
    bytes: [u8; MAX_HEAD],
    count: usize,
}

impl FrameHead {
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes as much of `data` as it needs; `None` if that was not enough.
    pub(super) fn take(&mut self, data: &mut Bytes) -> Option<Frame> {
        while self.count < MAX_HEAD && data.has_remaining() {
            self.bytes[self.count] = data.get_u8();
            self.count += 1;
            if let Some(frame) = self.read() {
                self.count = 0;
                return Some(frame);
            }
        }
        None
    }

    fn read(&self) -> Option<Frame> {
        let bytes = &self.bytes[..self.count];
        let (number, first) = read_varint(bytes)?;
        let (len, _) = read_varint(&bytes[first..])?;
        Some(Frame { kind: number.into(), len, head: Bytes::copy_from_slice(bytes) })
    }
}

/// An integer of variable length and how many bytes it takes (RFC 9000 section 16).
pub(in crate::http3) fn read_varint(input: &[u8]) -> Option<(u64, usize)> {
    let first = *input.first()?;
    let len = 1 << (first >> 6);
    let rest = input.get(1..len)?;
    let value = rest.iter().fold(u64::from(first & 0x3f), |value, byte| value << 8 | u64::from(*byte));
    Some((value, len))
}

/// The same for writing.
pub(in crate::http3) fn write_varint(value: u64, output: &mut Vec<u8>) {
    let (len, mark) = match value {
        0..=0x3f => (1, 0u64),
        0x40..=0x3fff => (2, 1 << 14),
        0x4000..=0x3fff_ffff => (4, 2 << 30),
        _ => (8, 3 << 62),
    };
    output.extend_from_slice(&(value | mark).to_be_bytes()[8 - len..]);
}
