//! The frames of a client's control stream (RFC 9114 sections 6.2.1 and 7.2).

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use h3::error::Code;

use super::{
    Fault,
    frame::{FrameHead, Kind, read_varint},
};

/// No frame of a control stream needs more.
const MAX_PAYLOAD: u64 = 4096;

/// The inspector of the control stream, behind its type.
#[derive(Debug, Default)]
pub(in crate::http3) struct ControlInspector {
    state: State,
    has_settings: bool,
    max_push_id: Option<u64>,
    goaway: Option<u64>,
    passed: VecDeque<Bytes>,
}

#[derive(Debug)]
enum State {
    Head(FrameHead),
    /// A payload of which so many bytes are left, behind the head of its frame.
    Payload {
        kind: Kind,
        frame: BytesMut,
        head: usize,
        left: usize,
    },
    Ignored(u64),
}

impl ControlInspector {
    /// The next piece of what is in order.
    pub(in crate::http3) fn pop(&mut self) -> Option<Bytes> {
        self.passed.pop_front()
    }

    /// Lets something pass that has been looked at.
    pub(in crate::http3) fn pass(&mut self, data: Bytes) {
        self.passed.push_back(data);
    }

    /// Looks at what has arrived.
    pub(in crate::http3) fn push(&mut self, mut data: Bytes) -> Result<(), Fault> {
        while !data.is_empty() {
            match &mut self.state {
                State::Head(head) => {
                    let Some(frame) = head.take(&mut data) else { continue };
                    self.check_place(frame.kind)?;
                    if frame.kind == Kind::Unknown {
                        self.state = State::Ignored(frame.len);
                    } else if frame.len > MAX_PAYLOAD {
                        return Err(connection(
                            Code::H3_EXCESSIVE_LOAD,
                            "a frame on the control stream is too long",
                        ));
                    } else {
                        let (kind, head, left) = (frame.kind, frame.head.len(), frame.len as usize);
                        self.state =
                            State::Payload { kind, frame: BytesMut::from(&frame.head[..]), head, left };
                    }
                }
                State::Payload { frame, left, .. } => {
                    let piece = data.split_to(data.len().min(*left));
                    *left -= piece.len();
                    frame.extend_from_slice(&piece);
                }
                State::Ignored(left) => {
                    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(data.len());
                    *left -= data.split_to(count).len() as u64;
                }
            }
            self.finish_frame()?;
        }
        Ok(())
    }

    /// Section 6.2.1: the client must not end it.
    pub(in crate::http3) fn end(&mut self) -> Result<(), Fault> {
        Err(connection(Code::H3_CLOSED_CRITICAL_STREAM, "the control stream has ended"))
    }

    /// Section 6.2.1: SETTINGS come first, and once. Sections 7.2.1, 7.2.2 and 7.2.5: requests are elsewhere.
    fn check_place(&self, kind: Kind) -> Result<(), Fault> {
        match kind {
            Kind::Settings if self.has_settings => {
                Err(connection(Code::H3_FRAME_UNEXPECTED, "SETTINGS come twice"))
            }
            Kind::Settings => Ok(()),
            _ if !self.has_settings => {
                Err(connection(Code::H3_MISSING_SETTINGS, "SETTINGS do not come first"))
            }
            // draft-ietf-webtrans-http3-02 section 4.2.
            Kind::WebTransport => {
                Err(connection(Code::H3_FRAME_ERROR, "the control stream becomes one of WebTransport"))
            }
            Kind::Data | Kind::Headers | Kind::PushPromise | Kind::OfHttp2 => {
                Err(connection(Code::H3_FRAME_UNEXPECTED, "a frame that has no place on the control stream"))
            }
            _ => Ok(()),
        }
    }

    fn finish_frame(&mut self) -> Result<(), Fault> {
        match &mut self.state {
            State::Payload { kind, frame, head, left: 0 } => {
                let (kind, head, frame) = (*kind, *head, std::mem::take(frame).freeze());
                self.state = State::default();
                self.check_payload(kind, &frame[head..])?;
                self.passed.push_back(frame);
            }
            State::Ignored(0) => self.state = State::default(),
            _ => {}
        }
        Ok(())
    }

    fn check_payload(&mut self, kind: Kind, payload: &[u8]) -> Result<(), Fault> {
        match kind {
            Kind::Settings => {
                self.has_settings = true;
                check_settings(payload)
            }
            // Section 7.2.3: this server has promised no push.
            Kind::CancelPush => {
                only_integer(payload)?;
                Err(connection(Code::H3_ID_ERROR, "CANCEL_PUSH names a push that was not promised"))
            }
            // Section 7.2.7.
            Kind::MaxPushId => {
                let id = only_integer(payload)?;
                if self.max_push_id.replace(id).is_some_and(|before| id < before) {
                    return Err(connection(Code::H3_ID_ERROR, "MAX_PUSH_ID becomes smaller"));
                }
                Ok(())
            }
            // Section 5.2.
            Kind::GoAway => {
                let id = only_integer(payload)?;
                if self.goaway.replace(id).is_some_and(|before| id > before) {
                    return Err(connection(Code::H3_ID_ERROR, "the id of GOAWAY becomes larger"));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Section 7.2.4.
fn check_settings(mut payload: &[u8]) -> Result<(), Fault> {
    const MALFORMED: Fault = Fault::Connection(Code::H3_FRAME_ERROR, "SETTINGS are cut off");
    const ENABLE_CONNECT_PROTOCOL: u64 = 0x8;
    const H3_DATAGRAM: u64 = 0x33;
    let mut seen = Vec::new();
    while !payload.is_empty() {
        let (id, id_len) = read_varint(payload).ok_or(MALFORMED)?;
        let (value, value_len) = read_varint(&payload[id_len..]).ok_or(MALFORMED)?;
        payload = &payload[id_len + value_len..];
        if seen.contains(&id) {
            return Err(connection(Code::H3_SETTINGS_ERROR, "a setting comes twice"));
        }
        seen.push(id);
        // Section 7.2.4.1: those of HTTP/2.
        if matches!(id, 0x0 | 0x2..=0x5) {
            return Err(connection(Code::H3_SETTINGS_ERROR, "a setting of HTTP/2"));
        }
        if matches!(id, ENABLE_CONNECT_PROTOCOL | H3_DATAGRAM) && value > 1 {
            return Err(connection(Code::H3_SETTINGS_ERROR, "a setting is neither 0 nor 1"));
        }
    }
    Ok(())
}

/// Section 7.1: the payload is an integer and nothing else.
fn only_integer(payload: &[u8]) -> Result<u64, Fault> {
    match read_varint(payload) {
        Some((value, len)) if len == payload.len() => Ok(value),
        _ => Err(connection(Code::H3_FRAME_ERROR, "the length of a frame does not fit its payload")),
    }
}

fn connection(code: Code, reason: &'static str) -> Fault {
    Fault::Connection(code, reason)
}

impl Default for State {
    fn default() -> Self {
        Self::Head(FrameHead::default())
    }
}
