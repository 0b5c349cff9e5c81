//! The frames of a request (RFC 9114 section 4.1).

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use h3::error::Code;

use super::{
    Fault,
    fields::{Checked, check_request, check_trailers},
    frame::{Frame, FrameHead, Kind, write_varint},
    qpack::{self, Line, Undecodable},
};

/// The inspector of one stream that a client has opened for a request.
#[derive(Debug)]
pub(in crate::http3) struct RequestInspector {
    max_section: u64,
    state: State,
    part: Part,
    head: Option<RequestHead>,
    received: u64,
    /// True once a frame has begun.
    is_begun: bool,
    /// The stream belongs to a session of WebTransport; this has come behind its first bytes.
    session: Option<(u64, Bytes)>,
    /// What may go on.
    passed: VecDeque<Bytes>,
}

/// What h3 does not tell of a request, or tells otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::http3) struct RequestHead {
    pub(in crate::http3) content_length: Option<u64>,
    pub(in crate::http3) is_connect: bool,
    pub(in crate::http3) protocol: Option<String>,
    /// The fields are longer than allowed: h3 answers 431.
    pub(in crate::http3) is_too_large: bool,
}

#[derive(Debug)]
enum State {
    Head(FrameHead),
    /// A field section, of which so many bytes are left.
    Section(BytesMut, usize),
    Data(u64),
    Ignored(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Fields,
    Body,
    /// After the trailers.
    End,
}

impl RequestInspector {
    /// Field sections may be so large, as section 4.2.2 counts it.
    pub(in crate::http3) fn new(max_section: u64) -> Self {
        Self {
            max_section,
            state: State::Head(FrameHead::default()),
            part: Part::Fields,
            head: None,
            received: 0,
            is_begun: false,
            session: None,
            passed: VecDeque::new(),
        }
    }

    /// The request, once its fields have passed.
    pub(in crate::http3) fn head(&self) -> Option<&RequestHead> {
        self.head.as_ref()
    }

    /// The next piece of what is in order.
    pub(in crate::http3) fn pop(&mut self) -> Option<Bytes> {
        self.passed.pop_front()
    }

    /// Looks at what has arrived.
    pub(in crate::http3) fn push(&mut self, mut data: Bytes) -> Result<(), Fault> {
        while !data.is_empty() {
            match &mut self.state {
                State::Head(head) => {
                    if let Some(frame) = head.take(&mut data) {
                        if frame.kind == Kind::WebTransport {
                            return self.begin_session(frame.len, data);
                        }
                        self.is_begun = true;
                        self.state = self.begin(frame)?;
                        self.finish_section()?;
                    }
                }
                State::Section(block, left) => {
                    let piece = data.split_to(data.len().min(*left));
                    *left -= piece.len();
                    block.extend_from_slice(&piece);
                    self.finish_section()?;
                }
                State::Data(left) => {
                    let piece = data.split_to(clamp(*left, data.len()));
                    *left -= piece.len() as u64;
                    self.passed.push_back(piece);
                }
                State::Ignored(left) => {
                    let piece = data.split_to(clamp(*left, data.len()));
                    *left -= piece.len() as u64;
                }
            }
            if let State::Data(0) | State::Ignored(0) = self.state {
                self.state = State::Head(FrameHead::default());
            }
        }
        Ok(())
    }

    /// The session of WebTransport that the stream has turned out to belong to: it carries no request.
    pub(in crate::http3) fn take_session(&mut self) -> Option<(u64, Bytes)> {
        self.session.take()
    }

    /// The client has ended the stream.
    pub(in crate::http3) fn end(&mut self) -> Result<(), Fault> {
        match &self.state {
            State::Head(head) if head.is_empty() => {}
            // Section 7.1.
            _ => return Err(Fault::Connection(Code::H3_FRAME_ERROR, "the stream ends inside a frame")),
        }
        match self.part {
            Part::Fields => {
                Err(Fault::Stream(Code::H3_REQUEST_INCOMPLETE, "the stream ends without a request"))
            }
            Part::Body => self.check_length(),
            Part::End => Ok(()),
        }
    }

    fn begin(&mut self, frame: Frame) -> Result<State, Fault> {
        const UNEXPECTED: Code = Code::H3_FRAME_UNEXPECTED;
        let is_tunnel = self.head.as_ref().is_some_and(|head| head.is_connect);
        match (frame.kind, self.part) {
            (Kind::Unknown, _) => Ok(State::Ignored(frame.len)),
            (Kind::Data, Part::Fields) => Err(Fault::Connection(UNEXPECTED, "DATA before HEADERS")),
            (Kind::Data | Kind::Headers, Part::End) => {
                Err(Fault::Connection(UNEXPECTED, "a frame after the trailers"))
            }
            (Kind::Data, Part::Body) => self.begin_data(frame),
            // Section 4.4.
            (Kind::Headers, Part::Body) if is_tunnel => {
                Err(Fault::Connection(UNEXPECTED, "HEADERS in a tunnel"))
            }
            (Kind::Headers, part) => match usize::try_from(frame.len) {
                // No field section is larger than its fields.
                Ok(len) if frame.len <= self.max_section => {
                    Ok(State::Section(BytesMut::with_capacity(len), len))
                }
                _ if part == Part::Fields => {
                    Err(Fault::Stream(Code::H3_REQUEST_REJECTED, "the fields are larger than allowed"))
                }
                _ => Err(Fault::Stream(Code::H3_EXCESSIVE_LOAD, "the trailers are larger than allowed")),
            },
            _ => Err(Fault::Connection(UNEXPECTED, "a frame that has no place in a request")),
        }
    }

    /// draft-ietf-webtrans-http3-02 section 4.2: only at the beginning, and sessions have the numbers of requests.
    fn begin_session(&mut self, session: u64, rest: Bytes) -> Result<(), Fault> {
        if self.is_begun {
            return Err(Fault::Connection(
                Code::H3_FRAME_ERROR,
                "a stream becomes one of WebTransport too late",
            ));
        }
        check_session(session)?;
        self.session = Some((session, rest));
        Ok(())
    }

    fn begin_data(&mut self, frame: Frame) -> Result<State, Fault> {
        self.received = self.received.saturating_add(frame.len);
        if self.declared().is_some_and(|declared| self.received > declared) {
            return Err(Fault::Stream(Code::H3_MESSAGE_ERROR, "the body is longer than its Content-Length"));
        }
        if frame.len > 0 {
            // h3 takes an empty one for the end of the body.
            self.passed.push_back(frame.head);
        }
        Ok(State::Data(frame.len))
    }

    /// Checks a field section that is whole, and lets it pass.
    fn finish_section(&mut self) -> Result<(), Fault> {
        let State::Section(block, 0) = &mut self.state else { return Ok(()) };
        let block = std::mem::take(block).freeze();
        self.state = State::Head(FrameHead::default());
        if self.part == Part::Fields {
            self.part = Part::Body;
            let block = self.read_request(block)?;
            self.pass_section(block);
        } else {
            self.part = Part::End;
            self.check_length()?;
            let lines = self
                .decode(&block)?
                .ok_or(Fault::Stream(Code::H3_EXCESSIVE_LOAD, "the trailers are larger than allowed"))?;
            check_trailers(&lines).map_err(malformed)?;
            self.pass_section(block.clone());
        }
        Ok(())
    }

    /// Reads the fields of a request; gives the section as h3 shall see it.
    fn read_request(&mut self, block: Bytes) -> Result<Bytes, Fault> {
        let Some(lines) = self.decode(&block)? else {
            self.head = Some(RequestHead { is_too_large: true, ..RequestHead::default() });
            return Ok(block);
        };
        let Checked { content_length, is_connect, protocol } = check_request(&lines).map_err(malformed)?;
        let block = if protocol.is_some() {
            // h3 knows few protocols and refuses the others.
            qpack::encode(lines.iter().filter(|(name, _)| **name != *b":protocol")).into()
        } else {
            block.clone()
        };
        self.head = Some(RequestHead { content_length, is_connect, protocol, is_too_large: false });
        Ok(block)
    }

    /// `None` if there are too many fields.
    fn decode<'a>(&self, block: &'a [u8]) -> Result<Option<Vec<Line<'a>>>, Fault> {
        match qpack::decode(block, self.max_section) {
            Ok(lines) => Ok(Some(lines)),
            Err(Undecodable::TooLarge) => Ok(None),
            Err(Undecodable::Compression) => {
                Err(Fault::Connection(Code::QPACK_DECOMPRESSION_FAILED, "the fields cannot be decompressed"))
            }
        }
    }

    fn pass_section(&mut self, block: Bytes) {
        const HEADERS: u64 = 0x1;
        let mut head = Vec::with_capacity(9);
        write_varint(HEADERS, &mut head);
        write_varint(block.len() as u64, &mut head);
        self.passed.push_back(head.into());
        self.passed.push_back(block);
    }

    /// Section 4.1.2: the body is as long as it was said to be.
    fn check_length(&self) -> Result<(), Fault> {
        match self.declared() {
            Some(declared) if declared != self.received => {
                Err(Fault::Stream(Code::H3_MESSAGE_ERROR, "the body is shorter than its Content-Length"))
            }
            _ => Ok(()),
        }
    }

    fn declared(&self) -> Option<u64> {
        self.head.as_ref()?.content_length
    }
}

/// Sessions have the numbers of streams for requests.
pub(in crate::http3) fn check_session(id: u64) -> Result<(), Fault> {
    match id % 4 {
        0 => Ok(()),
        _ => Err(Fault::Connection(Code::H3_ID_ERROR, "no request can have the number of the session")),
    }
}

fn malformed(reason: &'static str) -> Fault {
    Fault::Stream(Code::H3_MESSAGE_ERROR, reason)
}

fn clamp(left: u64, len: usize) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(len)
}
