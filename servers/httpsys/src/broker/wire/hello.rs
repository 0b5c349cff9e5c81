//! The first frame of each side: what it is, and which version of the protocol it speaks.

use super::frame::{Frame, FrameKind};

/// Of everything that is said after this frame. A change of any frame or call is a new version.
pub(in crate::broker) const PROTOCOL: u32 = 1;

const NAME: &[u8] = b"falconry-httpsysd";

/// What both sides begin with.
pub(in crate::broker) fn hello() -> Frame {
    Frame::new(FrameKind::Hello, PROTOCOL.into(), NAME)
}

/// The version that the other side speaks; `None` if it has said something else.
pub(in crate::broker) fn version_of(frame: &Frame) -> Option<u64> {
    (frame.kind == FrameKind::Hello && frame.content == NAME).then_some(frame.number)
}
