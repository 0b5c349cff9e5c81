//! Looks at every octet an HTTP/1 client sends before hyper does, and lets only pass what is in order.
//!
//! hyper is lenient in ways that matter behind proxies (bare LF, Host, chunk extensions, doubled fields). The
//! [`Inspector`] implements the rules of RFC 9110 and RFC 9112 strictly, without I/O: the connection hands it the octets
//! it has not consumed yet and does what the [`Step`] says. A request hyper could read differently than its sender
//! meant it never reaches hyper.
//!
//! A line is judged when its end is there or when it has outgrown its limit, never earlier, so the result does not
//! depend on how the octets were cut into packets.

mod chars;
mod chunked;
mod fields;
mod host;
mod rejection;
mod request_line;
mod rewrite;
#[cfg(test)]
mod tests;

use memchr::memchr;

use self::chars::is_token;
use self::chunked::{Chunked, Progress};
use self::fields::{Coding, Facts, FieldLine};
use self::host::is_same_authority;
pub(crate) use self::host::is_valid_host;
pub(crate) use self::rejection::Rejection;
use self::request_line::{Form, RequestLine, Version};
use self::rewrite::Changes;

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
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing can be said before there is more input.
    NeedMore,
    /// Drop this many octets: empty lines before a request line, or whatever follows the last request.
    Skip(usize),
    /// A whole head is in order.
    Head(Head),
    /// This many octets of a body, framing included, are in order.
    Body {
        /// Octets of input to pass on.
        len: usize,
        /// Whether the message ends with them.
        end: bool,
    },
    /// The input is not in order. The inspector is spent and says so again for ever.
    Reject(Rejection),
}

/// A head that is in order.
#[derive(Debug)]
pub(crate) struct Head {
    /// Octets of input it takes.
    pub(crate) len: usize,
    /// What hyper must see instead; without it, the octets as they are.
    pub(crate) rewritten: Option<Vec<u8>>,
    /// The target as sent, where hyper does not see it verbatim: absolute form, or octets that `http::Uri` refuses.
    pub(crate) raw_target: Option<Vec<u8>>,
    /// How the body is delimited.
    pub(crate) body: BodyFraming,
    /// The connection may turn into something else (Upgrade, CONNECT): what follows the head must be held back until
    /// the application has decided.
    pub(crate) may_upgrade: bool,
    /// This is the last request of the connection (RFC 9112 section 9.3), because the client said so or because
    /// another one could not be told apart from content. The inspector drops all input after it.
    pub(crate) close: bool,
}

/// How a body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFraming {
    /// There is none.
    None,
    /// By Content-Length, which is not 0.
    Length(u64),
    /// By the chunked transfer coding.
    Chunked,
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
    Rejected(Rejection),
}

/// The inspector of one connection.
#[derive(Debug)]
pub(crate) struct Inspector {
    limits: Limits,
    overrides_host: bool,
    state: State,
    /// Where in the input the line that is looked at starts. Not 0 only between the field lines of a head.
    line_start: usize,
    /// The line was seen up to here and had no LF. At `line_start`, nothing of it was seen.
    scanned: usize,
    /// Octets of empty lines before the request line.
    skipped: usize,
    line: RequestLine,
    facts: Facts,
    fields_total: usize,
    fields_count: usize,
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
            fields_total: 0,
            fields_count: 0,
            closes: false,
        }
    }

    /// Whether the authority of an absolute target replaces a Host that differs, instead of a refusal.
    pub(crate) fn allow_host_header_override(mut self, allow: bool) -> Self {
        self.overrides_host = allow;
        self
    }

    /// Looks at `input`, the octets that have not been consumed yet. While the answer is [`Step::NeedMore`], the next
    /// call has to pass the same octets again with more behind them; they are not searched again.
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

    /// What it means that the peer ends its side now: nothing between messages, else the message is incomplete.
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

    /// Octets that may be passed on without being looked at: the rest of the body or of the chunk's data.
    pub(crate) fn pass_through(&self) -> u64 {
        match &self.state {
            State::Length(left) => *left,
            State::Chunked(chunked) => chunked.data_left(),
            _ => 0,
        }
    }

    /// Records that `n` octets, at most [`Self::pass_through`], were passed on without being looked at.
    pub(crate) fn passed(&mut self, n: u64) {
        match &mut self.state {
            State::Length(left) if *left <= n => self.end_message(),
            State::Length(left) => *left -= n,
            State::Chunked(chunked) => chunked.skip_data(n),
            _ => {}
        }
    }

    #[inline]
    fn request_line(&mut self, input: &[u8]) -> Step {
        if self.scanned <= 1 {
            match input {
                [] => return Step::NeedMore,
                // RFC 9112 section 2.2: old clients send an empty line after a body.
                [b'\r'] => return Step::NeedMore,
                [b'\r', b'\n', ..] => return self.skip_empty_lines(input),
                [0x16] => {
                    self.scanned = 1;
                    return Step::NeedMore;
                }
                [0x16, 0x03, ..] => return self.reject(Rejection::TlsOverHttp),
                // Nothing that could follow makes a request line of it.
                [first, ..] if !is_token(*first) => return self.reject(Rejection::InvalidRequestLine),
                _ => {}
            }
        }
        if self.is_still_open(input) {
            return self.settle_request_line(input, None, Rejection::InvalidRequestLine);
        }
        match RequestLine::parse(input) {
            Ok(line) if line.len <= self.limits.max_request_line => {
                self.line_start = line.len;
                self.scanned = line.len;
                self.line = line;
                self.facts = Facts::default();
                self.fields_total = 0;
                self.fields_count = 0;
                self.skipped = 0;
                self.state = State::Fields;
                self.fields(input)
            }
            Ok(_) => self.settle_request_line(input, memchr(b'\n', input), Rejection::RequestLineTooLong),
            Err(rejection) => self.settle_request_line(input, memchr(b'\n', input), rejection),
        }
    }

    #[inline]
    fn fields(&mut self, input: &[u8]) -> Step {
        loop {
            let bytes = input.get(self.line_start..).unwrap_or_default();
            if bytes.starts_with(b"\r\n") {
                return self.finish_head(input, self.line_start + 2);
            }
            match self.next_field(input) {
                Ok(Some(line)) => {
                    if let Err(rejection) = self.facts.record(input, self.line_start, &line) {
                        return self.reject(rejection);
                    }
                    self.line_start += line.len;
                    self.scanned = self.line_start;
                }
                Ok(None) => return Step::NeedMore,
                Err(rejection) => return self.reject(rejection),
            }
        }
    }

    /// Trailer fields obey the rules and the limits of the head's, but decide nothing: hyper hands them to the
    /// application apart from the head (RFC 9110 section 6.5.1).
    fn trailers(&mut self, input: &[u8], consumed: usize) -> Step {
        let mut rest = input.get(consumed..).unwrap_or_default();
        let mut len = consumed;
        loop {
            if rest.starts_with(b"\r\n") {
                self.end_message();
                return Step::Body { len: len + 2, end: true };
            }
            match self.next_field(rest) {
                Ok(Some(line)) => {
                    len += line.len;
                    rest = rest.get(line.len..).unwrap_or_default();
                    self.scanned = 0;
                }
                Ok(None) if len == 0 => return Step::NeedMore,
                Ok(None) => return Step::Body { len, end: false },
                // What is in order before it passes first, so that a refusal always means the next octet.
                Err(_) if len > 0 => {
                    self.scanned = 0;
                    return Step::Body { len, end: false };
                }
                Err(rejection) => return self.reject(rejection),
            }
        }
    }

    fn length(&mut self, input: &[u8], left: u64) -> Step {
        if input.is_empty() {
            return Step::NeedMore;
        }
        let len = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
        self.passed(len as u64);
        Step::Body { len, end: !self.in_body() }
    }

    fn chunked(&mut self, input: &[u8], mut chunked: Chunked) -> Step {
        let (len, progress) = chunked.advance(input);
        self.state = State::Chunked(chunked);
        match progress {
            Progress::LastChunk => {
                self.state = State::Trailers;
                self.line_start = 0;
                self.scanned = 0;
                self.trailers(input, len)
            }
            Progress::Bad(rejection) if len == 0 => self.reject(rejection),
            _ if len == 0 => Step::NeedMore,
            _ => Step::Body { len, end: false },
        }
    }

    /// The whole head is there and each line of it is in order: does it make sense as one?
    #[inline]
    fn finish_head(&mut self, input: &[u8], len: usize) -> Step {
        let line = self.line;
        let facts = self.facts;
        let Some(head) = input.get(..len) else { return Step::NeedMore };
        let mut changes = Changes::default();
        let body = match self.framing(head) {
            Ok(body) => body,
            Err(rejection) => return self.reject(rejection),
        };
        if let Err(rejection) = self.check_host(head, &mut changes) {
            return self.reject(rejection);
        }
        changes.set_length_aside = body == BodyFraming::Chunked && facts.content_length.is_some();
        changes.plain_chunked = facts.coding == Coding::ChunkedInList;
        let mut raw_target = None;
        if !line.uri_carries_target {
            raw_target = Some(line.target(head).to_vec());
            changes.target = Some(b"/");
        }
        let is_connect = line.form == Form::Authority;
        self.closes = facts.close
            // After CONNECT come the octets of a tunnel or of a client that believes to have one.
            || is_connect
            // RFC 9112 section 6.1: whoever is in front of us may have believed the other field.
            || changes.set_length_aside
            || (line.version == Version::Http10 && !facts.keep_alive);
        let upgrades = facts.upgrade && facts.connection_upgrade;
        let may_upgrade =
            // RFC 9110 section 7.8: HTTP/1.0 has no Upgrade.
            is_connect || (upgrades && body == BodyFraming::None && line.version != Version::Http10);
        let rewritten = match changes.is_empty() && line.version != Version::Later {
            true => None,
            false => Some(changes.apply(head, &line)),
        };
        self.line_start = 0;
        self.scanned = 0;
        match body {
            BodyFraming::None => self.end_message(),
            BodyFraming::Length(length) => self.state = State::Length(length),
            BodyFraming::Chunked => self.state = State::Chunked(Chunked::new()),
        }
        Step::Head(Head { len, rewritten, raw_target, body, may_upgrade, close: self.closes })
    }

    /// RFC 9112 section 6.3.
    #[inline]
    fn framing(&self, head: &[u8]) -> Result<BodyFraming, Rejection> {
        let is_http10 = self.line.version == Version::Http10;
        let body = match (self.facts.coding, self.facts.content_length) {
            (Coding::Absent, None) if is_http10 && matches!(self.line.method(head), b"POST" | b"PUT") => {
                return Err(Rejection::LengthRequiredHttp10);
            }
            (Coding::Absent, None | Some(0)) => BodyFraming::None,
            (Coding::Absent, Some(length)) => BodyFraming::Length(length),
            (_, _) if is_http10 => return Err(Rejection::TransferEncodingInHttp10),
            (Coding::Chunked | Coding::ChunkedInList, _) => BodyFraming::Chunked,
            (Coding::NotChunked, _) => return Err(Rejection::FinalTransferCodingNotChunked),
            (Coding::OtherThenChunked, _) => return Err(Rejection::UnsupportedTransferCoding),
        };
        match body {
            BodyFraming::None => Ok(body),
            // RFC 9110 section 9.3.6: such a request has none, and nobody agrees on what else it would mean.
            _ if self.line.form == Form::Authority => Err(Rejection::ConnectWithContent),
            _ => Ok(body),
        }
    }

    /// RFC 9112 sections 3.2 and 3.2.2.
    #[inline]
    fn check_host<'a>(&self, head: &'a [u8], changes: &mut Changes<'a>) -> Result<(), Rejection> {
        let line = &self.line;
        let Some((start, end)) = self.facts.host else {
            return match line.version {
                Version::Http10 => Ok(()),
                _ => Err(Rejection::MissingHostHeader),
            };
        };
        let host = || head.get(start..end).unwrap_or_default();
        match line.form {
            Form::Origin | Form::Asterisk => Ok(()),
            Form::Authority if host().eq_ignore_ascii_case(line.target(head)) => Ok(()),
            Form::Authority => Err(Rejection::InvalidHostHeader),
            Form::Absolute { start, end, default_port } => {
                let authority = line.target(head).get(start..end).unwrap_or_default();
                if !is_same_authority(host(), authority, default_port) {
                    if !self.overrides_host {
                        return Err(Rejection::InvalidHostHeader);
                    }
                    changes.host = Some(authority);
                }
                Ok(())
            }
        }
    }

    /// The field line at `line_start`, counted against the limits. None: its end is not there yet.
    #[inline]
    fn next_field(&mut self, input: &[u8]) -> Result<Option<FieldLine>, Rejection> {
        if self.is_still_open(input) {
            return self.settle_field(input, None, Rejection::InvalidRequestHeader);
        }
        let bytes = input.get(self.line_start..).unwrap_or_default();
        match FieldLine::parse(bytes) {
            Ok(line) => {
                let total = self.fields_total + line.len;
                if total > self.limits.max_headers_total {
                    return Err(Rejection::HeadersExceedMaxTotalSize);
                }
                if self.fields_count >= self.limits.max_header_count {
                    return Err(Rejection::TooManyHeaders);
                }
                self.fields_total = total;
                self.fields_count += 1;
                Ok(Some(line))
            }
            Err(rejection) => self.settle_field(input, memchr(b'\n', bytes), rejection),
        }
    }

    /// Whether the line at `line_start` was incomplete before and still is. Searches only what is new.
    #[inline]
    fn is_still_open(&self, input: &[u8]) -> bool {
        self.scanned > self.line_start
            && memchr(b'\n', input.get(self.scanned..).unwrap_or_default()).is_none()
    }

    /// The field line at `line_start` is bad or incomplete; `lf` is where its LF is, counted from there.
    #[cold]
    fn settle_field(
        &mut self,
        input: &[u8],
        lf: Option<usize>,
        bad: Rejection,
    ) -> Result<Option<FieldLine>, Rejection> {
        let room = self.limits.max_headers_total.saturating_sub(self.fields_total);
        let bytes = input.get(self.line_start..).unwrap_or_default();
        match lf {
            Some(lf) if lf < room => Err(bad),
            Some(_) => Err(Rejection::HeadersExceedMaxTotalSize),
            // The empty line is no field and has no limit.
            None if bytes.len() < room || matches!(bytes, [] | [b'\r']) => {
                self.scanned = input.len();
                Ok(None)
            }
            None => Err(Rejection::HeadersExceedMaxTotalSize),
        }
    }

    /// The request line is bad or incomplete; `lf` is where its LF is.
    #[cold]
    fn settle_request_line(&mut self, input: &[u8], lf: Option<usize>, bad: Rejection) -> Step {
        let room = self.limits.max_request_line;
        match lf {
            Some(lf) if lf < room => self.reject(bad),
            None if input.len() < room => {
                self.scanned = input.len();
                Step::NeedMore
            }
            _ => match memchr(b' ', input.get(..room).unwrap_or(input)) {
                Some(_) => self.reject(Rejection::RequestLineTooLong),
                None => self.reject(Rejection::MethodTooLong),
            },
        }
    }

    #[cold]
    fn skip_empty_lines(&mut self, input: &[u8]) -> Step {
        let lines = input.chunks(2).take_while(|line| line == b"\r\n").count();
        self.skipped += 2 * lines;
        // Without a limit, a client could keep an idle connection alive with them.
        match self.skipped > self.limits.max_request_line {
            true => self.reject(Rejection::InvalidRequestLine),
            false => Step::Skip(2 * lines),
        }
    }

    fn end_message(&mut self) {
        self.state = match self.closes {
            true => State::Done,
            false => State::RequestLine,
        };
        self.line_start = 0;
        self.scanned = 0;
    }

    #[cold]
    fn reject(&mut self, rejection: Rejection) -> Step {
        self.state = State::Rejected(rejection);
        Step::Reject(rejection)
    }
}
