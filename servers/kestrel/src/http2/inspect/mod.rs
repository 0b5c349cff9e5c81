//! Looks at every frame a client sends before h2 does, and lets only pass what is in order.
//!
//! h2 does not tell apart what RFC 9113 does: it ends a connection with PROTOCOL_ERROR where another code
//! is asked for, takes frames of any number that cost nothing but time, and does not see pseudo fields in
//! trailers. The [`Inspector`] knows the frames of sections 4 and 6 and the compression of fields as far as
//! that takes; what a stream may receive in which state stays with h2.
//!
//! A frame is judged when all of it is there, but for DATA, so the result does not depend on how the bytes
//! were cut into packets.

mod budget;
mod frame;
mod hpack;
mod open;
mod static_table;
#[cfg(test)]
mod tests;
mod text;

use h2::Reason;
use tokio::time::Instant;

pub(super) use self::text::Scheme;
use self::{
    budget::Budget,
    frame::{Frame, HEADER_LEN, Kind, flag},
    hpack::{FieldBlocks, Invalid, Seen},
    open::OpenStreams,
};

/// What every client begins with (section 3.4).
pub(super) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What clients may send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes of a frame's payload.
    pub(super) max_frame_size: usize,
    /// Bytes of all fields of a message.
    pub(super) max_fields: usize,
    /// Bytes of the table that the client's fields are compressed with.
    pub(super) header_table_size: usize,
    /// Streams at once.
    pub(super) max_streams: u32,
    /// The scheme of every request; `None` if any will do.
    pub(super) scheme: Option<&'static str>,
}

/// What to do with the start of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing can be said before there is more input.
    NeedMore,
    /// So many bytes are in order.
    Pass(usize),
    /// So many bytes are the last frame of a field block that makes its message malformed: h2 shall see
    /// a block that it resets the stream for (section 8.1.1).
    Malformed(usize),
    /// The connection ends with this.
    Fail(Reason),
}

/// The inspector of one connection.
#[derive(Debug)]
pub(super) struct Inspector {
    limits: Limits,
    state: State,
    fields: FieldBlocks,
    /// The field block that is not complete, and when it began.
    open_block: Option<OpenBlock>,
    streams: OpenStreams,
    /// The schemes of requests that name no authority: h2 does not tell them.
    untold_schemes: Vec<(u32, Scheme)>,
    /// Frames that ask for work and bring nothing.
    control: Budget,
    resets: Budget,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Preface(usize),
    /// The client's SETTINGS must come first.
    Settings,
    Frame,
    /// So many bytes of a DATA frame are left.
    Data(usize),
    Failed(Reason),
}

#[derive(Clone, Copy, Debug)]
struct OpenBlock {
    stream: u32,
    is_trailers: bool,
    ends_stream: bool,
    since: Instant,
}

impl Inspector {
    /// An inspector for a new connection.
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            state: State::Preface(PREFACE.len()),
            fields: FieldBlocks::new(limits.header_table_size, limits.max_fields),
            open_block: None,
            streams: OpenStreams::new(limits.max_streams),
            untold_schemes: Vec::new(),
            control: Budget::control(),
            resets: Budget::resets(limits.max_streams),
            limits,
        }
    }

    /// Looks at `input`, the bytes that have not passed yet.
    pub(super) fn inspect(&mut self, input: &[u8]) -> Step {
        let step = match self.state {
            _ if input.is_empty() => Step::NeedMore,
            State::Preface(left) => self.preface(input, left),
            State::Data(left) => self.data(input, left),
            State::Settings | State::Frame => self.frame(input),
            State::Failed(reason) => Step::Fail(reason),
        };
        if let Step::Fail(reason) = step {
            self.state = State::Failed(reason);
        }
        step
    }

    /// Since when the client has been sending the fields of a message.
    pub(super) fn fields_since(&self) -> Option<Instant> {
        self.open_block.map(|block| block.since)
    }

    /// The scheme of a request without an authority, where any scheme will do.
    pub(super) fn take_scheme(&mut self, stream: u32) -> Option<Scheme> {
        let place = self.untold_schemes.iter().position(|(of, _)| *of == stream);
        let scheme = place.map(|place| self.untold_schemes.swap_remove(place).1);
        // Requests that were refused before have not asked for theirs.
        self.untold_schemes.retain(|(of, _)| *of > stream);
        scheme
    }

    /// A frame that ends a field block, with a field of a connection more; `None` if there is no room.
    pub(super) fn with_connection_field(&self, frame: &[u8]) -> Option<Vec<u8>> {
        const FIELD: &[u8] = b"\0\x0aconnection\x01x";
        let frame = Frame::read(frame)?.with_field(FIELD).ok()?;
        (frame.len() <= HEADER_LEN + self.limits.max_frame_size).then_some(frame)
    }

    /// h2 compares it.
    fn preface(&mut self, input: &[u8], left: usize) -> Step {
        let count = input.len().min(left);
        self.state = if count == left { State::Settings } else { State::Preface(left - count) };
        Step::Pass(count)
    }

    fn data(&mut self, input: &[u8], left: usize) -> Step {
        let count = input.len().min(left);
        self.state = if count == left { State::Frame } else { State::Data(left - count) };
        Step::Pass(count)
    }

    fn frame(&mut self, input: &[u8]) -> Step {
        let Some(frame) = Frame::read(input) else { return Step::NeedMore };
        // Section 4.2: before anything of a frame that is too large is waited for.
        if frame.len > self.limits.max_frame_size {
            return Step::Fail(Reason::FRAME_SIZE_ERROR);
        }
        if let Err(reason) = self.check_order(&frame).and_then(|()| frame.check_head(self.streams.highest)) {
            return Step::Fail(reason);
        }
        if frame.kind == Kind::Data {
            return self.begin_data(&frame);
        }
        if !frame.is_whole() {
            return Step::NeedMore;
        }
        self.state = State::Frame;
        match self.whole_frame(&frame) {
            Ok(true) => Step::Pass(HEADER_LEN + frame.len),
            Ok(false) => Step::Malformed(HEADER_LEN + frame.len),
            Err(reason) => Step::Fail(reason),
        }
    }

    /// Section 3.4: SETTINGS come first. Section 4.3: nothing comes between the pieces of a field block.
    fn check_order(&self, frame: &Frame<'_>) -> Result<(), Reason> {
        let is_first_settings = frame.kind == Kind::Settings && !frame.has(flag::ACK);
        if matches!(self.state, State::Settings) && !is_first_settings {
            return Err(Reason::PROTOCOL_ERROR);
        }
        let continued = (frame.kind == Kind::Continuation).then_some(frame.stream);
        if self.open_block.map(|block| block.stream) != continued {
            return Err(Reason::PROTOCOL_ERROR);
        }
        Ok(())
    }

    fn begin_data(&mut self, frame: &Frame<'_>) -> Step {
        // Section 5.1: nothing comes behind the end.
        if let Err(reason) = self.streams.check(frame.stream, Reason::STREAM_CLOSED) {
            return Step::Fail(reason);
        }
        if frame.has(flag::PADDED) {
            let Some(&padding) = frame.payload.first() else {
                return if frame.len == 0 { Step::Fail(Reason::FRAME_SIZE_ERROR) } else { Step::NeedMore };
            };
            // Section 6.1: as long as the payload or longer.
            if usize::from(padding) >= frame.len {
                return Step::Fail(Reason::PROTOCOL_ERROR);
            }
        }
        if frame.len == 0 && !frame.has(flag::END_STREAM) && !self.control.spend() {
            return Step::Fail(Reason::ENHANCE_YOUR_CALM);
        }
        if frame.has(flag::END_STREAM) {
            self.streams.end(frame.stream);
        }
        let passed = frame.payload.len();
        self.state = if passed == frame.len { State::Frame } else { State::Data(frame.len - passed) };
        Step::Pass(HEADER_LEN + passed)
    }

    /// False if the frame ends a field block that makes its message malformed.
    fn whole_frame(&mut self, frame: &Frame<'_>) -> Result<bool, Reason> {
        match frame.kind {
            Kind::Headers => {
                let fragment = frame.fields()?;
                let block = OpenBlock {
                    stream: frame.stream,
                    is_trailers: !self.streams.begin(frame.stream)?,
                    ends_stream: frame.has(flag::END_STREAM),
                    since: Instant::now(),
                };
                return self.fragment(block, fragment, frame.has(flag::END_HEADERS));
            }
            Kind::Continuation => {
                let block = self.open_block.ok_or(Reason::PROTOCOL_ERROR)?;
                return self.fragment(block, frame.payload, frame.has(flag::END_HEADERS));
            }
            Kind::Settings => {
                frame.check_settings()?;
                self.spend_control()?;
            }
            Kind::Ping | Kind::Priority | Kind::Unknown => self.spend_control()?,
            Kind::Reset => {
                self.streams.end(frame.stream);
                if !self.resets.spend() {
                    return Err(Reason::ENHANCE_YOUR_CALM);
                }
            }
            Kind::Data | Kind::PushPromise | Kind::GoAway | Kind::WindowUpdate => {}
        }
        Ok(true)
    }

    fn fragment(&mut self, block: OpenBlock, fragment: &[u8], is_end: bool) -> Result<bool, Reason> {
        self.open_block = (!is_end).then_some(block);
        let seen = self.fields.fragment(fragment, is_end).map_err(|error| match error {
            Invalid::Compression => Reason::COMPRESSION_ERROR,
            Invalid::TooLong => Reason::ENHANCE_YOUR_CALM,
        })?;
        if is_end && block.ends_stream {
            self.streams.end(block.stream);
        }
        Ok(seen.is_none_or(|seen| self.is_in_order(block, seen)))
    }

    fn is_in_order(&mut self, block: OpenBlock, seen: Seen) -> bool {
        if block.is_trailers {
            // Section 8.1: pseudo fields do not appear in trailers.
            return !seen.has_pseudo_fields;
        }
        let Some(scheme) = seen.scheme.filter(|_| !seen.has_authority) else { return true };
        match self.limits.scheme {
            Some(only) => scheme.as_str() == only,
            None => {
                self.untold_schemes.push((block.stream, scheme));
                true
            }
        }
    }

    fn spend_control(&mut self) -> Result<(), Reason> {
        if self.control.spend() { Ok(()) } else { Err(Reason::ENHANCE_YOUR_CALM) }
    }
}
