//! The head of a request: its lines one by one, then what they mean together.

use memchr::memchr;

use super::chars::is_token;
use super::chunked::Chunked;
use super::fields::{Coding, Facts};
use super::host::is_same_authority;
use super::request_line::{Form, RequestLine, Version};
use super::{Inspector, Rejection, State, Step};

/// A head that is in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Octets of input it takes.
    pub(crate) len: usize,
    line: RequestLine,
    /// How the body is delimited.
    pub(crate) body: BodyFraming,
    /// What the application must see otherwise than it was sent.
    pub(crate) changes: Changes,
    /// Heads of one connection with the same number have the same field section, octet by octet.
    pub(crate) section: u64,
    /// The connection may turn into something else (Upgrade, CONNECT).
    pub(crate) may_upgrade: bool,
    /// There is a TE field, which may ask for trailers.
    pub(crate) has_te: bool,
    /// This is the last request of the connection (RFC 9112 section 9.3), because the client said so or
    /// because another one could not be told apart from content. The inspector drops all input after it.
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

/// What in a valid head the application must see otherwise than it was sent. Rare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// The octets of the head that stand in place of the value of Host.
    pub(crate) host: Option<(usize, usize)>,
    /// Content-Length becomes X-Content-Length, as it must not decide anything beside Transfer-Encoding.
    pub(crate) set_length_aside: bool,
    /// Transfer-Encoding is plain `chunked`.
    pub(crate) plain_chunked: bool,
}

impl Head {
    /// The method; `input` starts with the head.
    pub(crate) fn method<'a>(&self, input: &'a [u8]) -> &'a [u8] {
        self.line.method(input)
    }

    /// The target as sent; `input` starts with the head.
    pub(crate) fn target<'a>(&self, input: &'a [u8]) -> &'a [u8] {
        self.line.target(input)
    }

    /// The field lines with the empty line behind them; `input` starts with the head.
    pub(crate) fn fields<'a>(&self, input: &'a [u8]) -> &'a [u8] {
        input.get(self.line.len..self.len).unwrap_or_default()
    }

    /// Whether the application sees the fields as they were sent.
    pub(crate) fn has_fields_as_sent(&self) -> bool {
        self.changes == Changes::default()
    }

    /// Whether the client speaks HTTP/1.0. Later versions than 1.1 are answered as 1.1 (RFC 9110 section 2.5).
    pub(crate) fn is_http10(&self) -> bool {
        self.line.version == Version::Http10
    }
}

impl Inspector {
    /// The request line, or empty lines before it.
    #[inline]
    pub(super) fn request_line(&mut self, input: &[u8]) -> Step {
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
                match self.known.recall(input, line.len) {
                    Some((facts, len)) => {
                        self.facts = facts;
                        (self.fields_total, self.fields_count) = self.known.measures();
                        self.finish_head(input, len)
                    }
                    None => self.fields(input),
                }
            }
            Ok(_) => self.settle_request_line(input, memchr(b'\n', input), Rejection::RequestLineTooLong),
            Err(rejection) => self.settle_request_line(input, memchr(b'\n', input), rejection),
        }
    }

    /// The field lines and the empty line after them.
    #[inline]
    pub(super) fn fields(&mut self, input: &[u8]) -> Step {
        loop {
            let bytes = input.get(self.line_start..).unwrap_or_default();
            if bytes.starts_with(b"\r\n") {
                let end = self.line_start + 2;
                let measures = (self.fields_total, self.fields_count);
                self.known.remember(input, self.line.len..end, &self.facts, measures);
                return self.finish_head(input, end);
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

    /// The whole head is there and each line of it is in order: does it make sense as one?
    #[inline]
    fn finish_head(&mut self, input: &[u8], len: usize) -> Step {
        let (line, facts) = (&self.line, &self.facts);
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
        let has_te = facts.te;
        let is_connect = line.form == Form::Authority;
        let close = facts.close
            // After CONNECT come the octets of a tunnel or of a client that believes to have one.
            || is_connect
            // RFC 9112 section 6.1: whoever is in front of us may have believed the other field.
            || changes.set_length_aside
            || (line.version == Version::Http10 && !facts.keep_alive);
        let upgrades = facts.upgrade && facts.connection_upgrade;
        let may_upgrade =
            // RFC 9110 section 7.8: HTTP/1.0 has no Upgrade.
            is_connect || (upgrades && body == BodyFraming::None && line.version != Version::Http10);
        let head =
            Head { len, line: *line, body, changes, section: self.known.id(), may_upgrade, has_te, close };
        self.closes = close;
        self.line_start = 0;
        self.scanned = 0;
        match body {
            BodyFraming::None => self.end_message(),
            BodyFraming::Length(length) => self.state = State::Length(length),
            BodyFraming::Chunked => self.state = State::Chunked(Chunked::new()),
        }
        Step::Head(head)
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
    fn check_host(&self, head: &[u8], changes: &mut Changes) -> Result<(), Rejection> {
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
                    let target = line.method_len + 1;
                    changes.host = Some((target + start, target + end));
                }
                Ok(())
            }
        }
    }
}
