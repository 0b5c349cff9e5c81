//! Frames.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// The longest frame that is taken, in bytes, without its length.
const MAX_FRAME: usize = 1024 * 1024;

/// The longest content, in bytes.
pub(in crate::broker) const MAX_CONTENT: usize = MAX_FRAME - 1 - 8;

/// Length, kind and number.
pub(super) const PREFIX: usize = 4 + 1 + 8;

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::broker) struct Frame {
    pub(in crate::broker) kind: FrameKind,
    /// Of a call, a queue or a request.
    pub(in crate::broker) number: u64,
    pub(in crate::broker) content: Bytes,
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::broker) enum FrameKind {
    /// Client: a call.
    Call = 1,
    /// Broker: what a call gives.
    Result = 2,
    /// Client: one more request of a queue is waited for.
    Receive = 3,
    /// Broker: a request of a queue, whose number comes first.
    Request = 4,
    /// Client: so many bytes of the body are wanted.
    Read = 5,
    /// Broker: a piece of the body.
    Body = 6,
    /// Broker: reading has ended with a code.
    BodyEnd = 7,
    /// Client: the first send.
    Response = 8,
    /// Client: a further send.
    EntityBody = 9,
    /// Broker: a send has ended with a code.
    Sent = 10,
    /// Client: the request is given up, with the code of the stream's reset if there is one.
    Cancel = 11,
    /// Client: the end of the connection shall be told.
    Watch = 12,
    /// Broker: the client of the request has gone.
    Gone = 13,
    /// Client: the request is done with.
    Release = 14,
    /// Both, first of all: see [`hello`](super::hello()).
    Hello = 15,
    /// Broker, in the place of its hello: why the process may not attach, as a text.
    Refused = 16,
}

impl FrameKind {
    fn from_number(number: u8) -> Option<Self> {
        const ALL: [FrameKind; 16] = [
            FrameKind::Call,
            FrameKind::Result,
            FrameKind::Receive,
            FrameKind::Request,
            FrameKind::Read,
            FrameKind::Body,
            FrameKind::BodyEnd,
            FrameKind::Response,
            FrameKind::EntityBody,
            FrameKind::Sent,
            FrameKind::Cancel,
            FrameKind::Watch,
            FrameKind::Gone,
            FrameKind::Release,
            FrameKind::Hello,
            FrameKind::Refused,
        ];
        ALL.into_iter().find(|kind| *kind as u8 == number)
    }
}

impl Frame {
    pub(in crate::broker) fn new(kind: FrameKind, number: u64, content: impl Into<Bytes>) -> Self {
        Self { kind, number, content: content.into() }
    }

    /// A frame whose content is a number.
    pub(in crate::broker) fn with_code(kind: FrameKind, number: u64, code: u32) -> Self {
        Self::new(kind, number, Bytes::copy_from_slice(&code.to_be_bytes()))
    }

    /// The number that is the content.
    pub(in crate::broker) fn code(&self) -> Option<u32> {
        self.content.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
    }

    /// How many bytes it takes on the wire.
    pub(super) fn size(&self) -> usize {
        PREFIX + self.content.len()
    }

    /// Writes what comes before the content.
    pub(super) fn put_prefix(&self, out: &mut BytesMut) {
        let length = u32::try_from(1 + 8 + self.content.len()).unwrap_or(u32::MAX);
        out.put_u32(length);
        out.put_u8(self.kind as u8);
        out.put_u64(self.number);
    }

    /// All of it, as it is sent.
    pub(in crate::broker) fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(self.size());
        self.put_prefix(&mut out);
        out.put_slice(&self.content);
        out.freeze()
    }

    /// Takes a frame out of what has been read; `None` if there is no whole one yet.
    ///
    /// # Errors
    /// The peer speaks something else.
    pub(super) fn take(read: &mut BytesMut) -> Result<Option<Self>, Malformed> {
        let Some(length) = read.first_chunk().map(|bytes| u32::from_be_bytes(*bytes) as usize) else {
            return Ok(None);
        };
        if !(PREFIX - 4..=MAX_FRAME).contains(&length) {
            return Err(Malformed);
        }
        if read.len() < 4 + length {
            read.reserve(4 + length - read.len());
            return Ok(None);
        }
        let mut frame = read.split_to(4 + length).freeze();
        frame.advance(4);
        let kind = FrameKind::from_number(frame.get_u8()).ok_or(Malformed)?;
        let number = frame.get_u64();
        Ok(Some(Self { kind, number, content: frame }))
    }
}

/// A peer that speaks something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::broker) struct Malformed;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back_however_it_is_cut() {
        let frame = Frame::new(FrameKind::Body, 7, "hello");
        let bytes = frame.to_bytes();
        let mut read = BytesMut::new();
        let (last, others) = bytes.split_last().unwrap();
        for byte in others {
            read.put_u8(*byte);
            assert_eq!(Frame::take(&mut read), Ok(None));
        }
        read.put_u8(*last);
        assert_eq!(Frame::take(&mut read), Ok(Some(frame)));
        assert!(read.is_empty());
    }

    #[test]
    fn what_is_no_frame_is_malformed() {
        let take = |bytes: &[u8]| Frame::take(&mut BytesMut::from(bytes));
        assert_eq!(take(b"\xff\xff\xff\xff"), Err(Malformed));
        assert_eq!(take(&[0, 0, 0, 1, 1]), Err(Malformed));
        assert_eq!(take(&[0, 0, 0, 9, 99, 0, 0, 0, 0, 0, 0, 0, 0]), Err(Malformed));
    }
}
