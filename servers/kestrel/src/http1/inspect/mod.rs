//! Reads what an HTTP/1 client sends, strictly and without I/O.
//!
//! The [`Inspector`] implements the rules of RFC 9110 and RFC 9112: the connection hands it the octets it has not
//! consumed yet and does what the [`Step`] says. What a server behind proxies could read differently than somebody
//! before it (bare LF, Host, chunk extensions, doubled fields) is refused.
//!
//! A line is judged when its end is there or when it has outgrown its limit, never earlier, so the result
//! does not depend on how the octets were cut into packets.

mod body;
mod chars;
mod chunked;
mod fields;
mod head;
mod host;
mod known;
mod lines;
mod rejection;
mod request_line;
#[cfg(test)]
mod tests;

use self::chunked::Chunked;
use self::fields::Facts;
pub(crate) use self::fields::Fields;
pub(crate) use self::head::{BodyFraming, Head};
pub(crate) use self::host::{is_authority, is_connect_authority, is_same_authority, is_valid_host};
use self::known::KnownFields;
pub(crate) use self::rejection::Rejection;
use self::request_line::RequestLine;

/// What a request may measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Octets of the request line with its CRLF.
    pub(crate) max_request_line: usize,
    /// Octets of all field lines with their CRLF, those of the trailer section included.
    pub(crate) max_headers_total: usize,
    /// Number of field lines, those of the trailer section included.
    pub(crate) max_header_count: usize,
}

/// What to do with the start of the input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing can be said before there is more input.
    NeedMore,
    /// Drop this many octets: empty lines before a request line, or whatever follows the last request.
    Skip(usize),
    /// A whole head is in order.
    Head(Head),
    /// Octets of a body are in order: first so many of its framing, then so many of its data.
    Body {
        /// Octets to drop.
        framing: usize,
        /// Octets after those for the application.
        data: usize,
        /// Whether the message ends with them.
        end: bool,
    },
    /// The input is not in order. The inspector is spent and says so again for ever.
    Reject(Rejection),
}

/// What the next octet belongs to.
#[derive(Clone, Copy, Debug)]
enum State {
    /// The request line, or empty lines before it.
    RequestLine,
    /// The field lines of a head.
    Fields,
    /// A body of which so many octets are left.
    Length(u64),
    /// A chunked body.
    Chunked(Chunked),
    /// The trailer section of a chunked body.
    Trailers,
    /// No further message can follow.
    Done,
    /// The input was refused.
    Rejected(Rejection),
}

/// The inspector of one connection.
#[derive(Debug)]
pub(crate) struct Inspector {
    limits: Limits,
    /// See [`Inspector::allow_host_header_override`].
    overrides_host: bool,
    /// What comes next.
    state: State,
    /// Where in the input the line that is looked at starts. Not 0 only between the field lines of a head.
    line_start: usize,
    /// The line was seen up to here and had no LF. At `line_start`, nothing of it was seen.
    scanned: usize,
    /// Octets of empty lines before the request line.
    skipped: usize,
    /// The request line of the present message.
    line: RequestLine,
    /// What its fields have said so far.
    facts: Facts,
    /// The fields of an earlier message.
    known: KnownFields,
    /// Octets of its field lines, trailers included.
    fields_total: usize,
    /// Number of its field lines, trailers included.
    fields_count: usize,
    /// The trailer fields of the present message, as they came.
    trailers: Vec<u8>,
    /// No other message follows it.
    closes: bool,
}

impl Inspector {
    /// An inspector for a new connection.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            overrides_host: false,
            state: State::RequestLine,
            line_start: 0,
            scanned: 0,
            skipped: 0,
            line: RequestLine::default(),
            facts: Facts::default(),
            known: KnownFields::default(),
            fields_total: 0,
            fields_count: 0,
            trailers: Vec::new(),
            closes: false,
        }
    }

    /// Whether the authority of an absolute target replaces a Host that differs, instead of a refusal.
    pub(crate) fn allow_host_header_override(mut self, allow: bool) -> Self {
        self.overrides_host = allow;
        self
    }

    /// Looks at `input`, the octets that have not been consumed yet. While the answer is [`Step::NeedMore`],
    /// the next call has to pass the same octets again with more behind them; they are not searched again.
    pub(crate) fn inspect(&mut self, input: &[u8]) -> Step {
        match self.state {
            State::RequestLine => self.request_line(input),
            State::Fields => self.fields(input),
            State::Length(left) => self.length(input, left),
            State::Chunked(chunked) => self.chunked(input, chunked),
            State::Trailers => self.trailers(input, 0),
            State::Done if input.is_empty() => Step::NeedMore,
            State::Done => Step::Skip(input.len()),
            State::Rejected(rejection) => Step::Reject(rejection),
        }
    }

    /// True between messages with nothing of the next head seen (idle keep-alive).
    pub(crate) fn at_message_start(&self) -> bool {
        match self.state {
            State::RequestLine => self.scanned == 0,
            State::Done => true,
            _ => false,
        }
    }

    /// True from the end of a head with a body to the end of the body, framing and trailers included.
    pub(crate) fn in_body(&self) -> bool {
        matches!(self.state, State::Length(_) | State::Chunked(_) | State::Trailers)
    }

    /// What it means that the peer ends its side now: nothing between messages, else the message is
    /// incomplete.
    pub(crate) fn end_of_input(&self, has_unconsumed: bool) -> Option<Rejection> {
        match self.state {
            State::RequestLine if has_unconsumed => Some(Rejection::InvalidRequestLine),
            State::RequestLine | State::Done => None,
            State::Fields => Some(Rejection::MalformedRequestInvalidHeaders),
            State::Length(_) => Some(Rejection::UnexpectedEndOfRequestContent),
            State::Chunked(_) | State::Trailers => Some(Rejection::ChunkedRequestIncomplete),
            State::Rejected(rejection) => Some(rejection),
        }
    }

    /// Octets of data that are still to come: of the body or, where they come in chunks, of the chunk.
    pub(crate) fn data_left(&self) -> u64 {
        match &self.state {
            State::Length(left) => *left,
            State::Chunked(chunked) => chunked.data_left(),
            _ => 0,
        }
    }

    /// The lines of the trailer section that has just ended; empty if there were none.
    pub(crate) fn take_trailers(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.trailers)
    }

    /// The present message has ended.
    fn end_message(&mut self) {
        self.state = match self.closes {
            true => State::Done,
            false => State::RequestLine,
        };
        self.line_start = 0;
        self.scanned = 0;
    }

    /// Refuses the input, now and for ever.
    #[cold]
    fn reject(&mut self, rejection: Rejection) -> Step {
        self.state = State::Rejected(rejection);
        Step::Reject(rejection)
    }
}
