//! Frames and what each kind of them must be like (RFC 9113 sections 4 and 6).

use h2::Reason;

/// Bytes of a frame's head.
pub(super) const HEADER_LEN: usize = 9;

/// Flags, each of which has its meaning in some kinds of frames only.
pub(super) mod flag {
    pub(in super::super) const ACK: u8 = 0x1;
    pub(in super::super) const END_STREAM: u8 = 0x1;
    pub(in super::super) const END_HEADERS: u8 = 0x4;
    pub(in super::super) const PADDED: u8 = 0x8;
    pub(in super::super) const PRIORITY: u8 = 0x20;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Headers,
    Priority,
    Reset,
    Settings,
    PushPromise,
    Ping,
    GoAway,
    WindowUpdate,
    Continuation,
    Unknown,
}

/// The beginning of a frame, or all of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// Bytes of the payload.
    pub(super) len: usize,
    pub(super) kind: Kind,
    flags: u8,
    pub(super) stream: u32,
    /// As much of the payload as is there.
    pub(super) payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads the head of a frame; `None` if it is not there.
    pub(super) fn read(input: &'a [u8]) -> Option<Self> {
        let (head, rest) = input.split_first_chunk::<HEADER_LEN>()?;
        let [high, middle, low, kind, flags, stream @ ..] = *head;
        let len = u32::from_be_bytes([0, high, middle, low]) as usize;
        let kind = match kind {
            0 => Kind::Data,
            1 => Kind::Headers,
            2 => Kind::Priority,
            3 => Kind::Reset,
            4 => Kind::Settings,
            5 => Kind::PushPromise,
            6 => Kind::Ping,
            7 => Kind::GoAway,
            8 => Kind::WindowUpdate,
            9 => Kind::Continuation,
            _ => Kind::Unknown,
        };
        let payload = rest.get(..len).unwrap_or(rest);
        // The first bit is reserved (section 4.1).
        Some(Self { len, kind, flags, stream: u32::from_be_bytes(stream) & 0x7FFF_FFFF, payload })
    }

    pub(super) fn is_whole(&self) -> bool {
        self.payload.len() == self.len
    }

    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Checks what can be told without the payload. `highest` is the highest stream that exists or has
    /// existed.
    pub(super) fn check_head(&self, highest: u32) -> Result<(), Reason> {
        let is_on_stream = self.stream != 0;
        let is_placed = match self.kind {
            Kind::Settings | Kind::Ping | Kind::GoAway => !is_on_stream,
            // Section 5.1.1: a client's streams have odd numbers.
            Kind::Headers => is_on_stream && self.stream % 2 == 1,
            Kind::Data | Kind::Reset => is_on_stream && self.stream <= highest,
            Kind::Priority | Kind::Continuation => is_on_stream,
            Kind::WindowUpdate => self.stream <= highest,
            // Section 8.4: a client cannot push.
            Kind::PushPromise => false,
            Kind::Unknown => true,
        };
        if !is_placed {
            return Err(Reason::PROTOCOL_ERROR);
        }
        let is_sized = match self.kind {
            Kind::Settings if self.has(flag::ACK) => self.len == 0,
            Kind::Settings => self.len.is_multiple_of(6),
            Kind::Ping => self.len == 8,
            Kind::GoAway => self.len >= 8,
            Kind::Reset | Kind::WindowUpdate => self.len == 4,
            Kind::Priority => self.len == 5,
            Kind::Data | Kind::Headers | Kind::Continuation | Kind::PushPromise | Kind::Unknown => true,
        };
        if is_sized { Ok(()) } else { Err(Reason::FRAME_SIZE_ERROR) }
    }

    /// The piece of a field block in a HEADERS frame, without padding and priority (section 6.2).
    pub(super) fn fields(&self) -> Result<&'a [u8], Reason> {
        let mut fields = self.payload;
        let mut padding = 0;
        if self.has(flag::PADDED) {
            let (&length, rest) = fields.split_first().ok_or(Reason::FRAME_SIZE_ERROR)?;
            (padding, fields) = (usize::from(length), rest);
        }
        if self.has(flag::PRIORITY) {
            let (priority, rest) = fields.split_first_chunk::<5>().ok_or(Reason::FRAME_SIZE_ERROR)?;
            let [dependency @ .., _weight] = *priority;
            // A stream that depends on itself. RFC 9113 no longer looks at it, but h2 does, and then
            // does not read the fields.
            if u32::from_be_bytes(dependency) & 0x7FFF_FFFF == self.stream {
                return Err(Reason::PROTOCOL_ERROR);
            }
            fields = rest;
        }
        let len = fields.len().checked_sub(padding).ok_or(Reason::PROTOCOL_ERROR)?;
        fields.get(..len).ok_or(Reason::PROTOCOL_ERROR)
    }

    /// The same frame of HEADERS or CONTINUATION, without padding and priority, and with one more field.
    pub(super) fn with_field(&self, field: &[u8]) -> Result<Vec<u8>, Reason> {
        let fields = if self.kind == Kind::Headers { self.fields()? } else { self.payload };
        let len = u32::try_from(fields.len() + field.len()).map_err(|_| Reason::FRAME_SIZE_ERROR)?;
        let kind = if self.kind == Kind::Headers { 1 } else { 9 };
        let mut frame = len.to_be_bytes()[1..].to_vec();
        frame.extend([kind, self.flags & !(flag::PADDED | flag::PRIORITY)]);
        frame.extend(self.stream.to_be_bytes());
        frame.extend_from_slice(fields);
        frame.extend_from_slice(field);
        Ok(frame)
    }

    /// Checks the values of SETTINGS (section 6.5.2, RFC 8441 section 3).
    pub(super) fn check_settings(&self) -> Result<(), Reason> {
        const ENABLE_PUSH: u16 = 2;
        const INITIAL_WINDOW_SIZE: u16 = 4;
        const MAX_FRAME_SIZE: u16 = 5;
        const ENABLE_CONNECT_PROTOCOL: u16 = 8;
        for setting in self.payload.chunks_exact(6) {
            let Some(([a, b], value)) = setting.split_first_chunk() else { continue };
            let Ok(value) = <[u8; 4]>::try_from(value).map(u32::from_be_bytes) else { continue };
            match u16::from_be_bytes([*a, *b]) {
                ENABLE_PUSH | ENABLE_CONNECT_PROTOCOL if value > 1 => return Err(Reason::PROTOCOL_ERROR),
                INITIAL_WINDOW_SIZE if value > 0x7FFF_FFFF => return Err(Reason::FLOW_CONTROL_ERROR),
                MAX_FRAME_SIZE if !(16_384..=16_777_215).contains(&value) => {
                    return Err(Reason::PROTOCOL_ERROR);
                }
                _ => {}
            }
        }
        Ok(())
    }
}
